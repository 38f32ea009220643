/** What workspaces that are containers share, whoever runs these. */
import { LabError } from '../../lab/errors.ts';
import type { ShellComponent } from '../../templates/types.ts';
import type { WorkspaceContents } from '../files/workspace-contents.ts';
import type { Piece } from '../part.ts';
import type { ContainerImages, Containers, GatewayFiles } from './types.ts';

const toolsWithinMs = 10_000;

/** What a new workspace is filled from: the first generation of a fork its original, all others the template. */
export function filledFrom(
  { plan, ref, spec }: Piece<ShellComponent>,
  contents: WorkspaceContents,
): Parameters<GatewayFiles['fill']>[1] {
  const { component } = ref;
  const origin = ref.generation === 1 ? plan.origin?.components[component] : undefined;
  if (origin === undefined) return { contents: contents(plan, component, spec) };
  return { origin: { component, generation: origin.generation } };
}

/** The check throws LabError `start_failed` for tools that the image of workspaces does not have. */
export function createToolCheck(
  containers: Pick<Containers, 'exec'>,
  { workspace: image }: Pick<ContainerImages, 'workspace'>,
): (id: string, tools: readonly string[], signal: AbortSignal) => Promise<void> {
  /** Once for each set: an image does not change under its name, or is looked at by the next Labwright. */
  const checked = new Set<string>();
  return async (id, tools, signal) => {
    if (tools.length === 0 || checked.has(tools.join())) return;
    const script = 'for tool do command -v "$tool" > /dev/null || printf "%s\\n" "$tool"; done';
    const env = { PATH: '/usr/local/bin:/usr/bin:/bin' };
    const asked = { argv: ['/bin/sh', '-c', script, 'sh', ...tools], env, cwd: '/' };
    const limits = { timeoutMs: toolsWithinMs, maxBytes: 4_096 };
    const { exitCode, stdout } = await containers.exec(id, asked, limits, signal);
    const missing = stdout.split('\n').filter((name) => name !== '');
    if (exitCode !== 0) return;
    if (missing.length === 0) return void checked.add(tools.join());
    throw new LabError(
      'start_failed',
      `The image of workspaces (${image}) has no ${missing.join(', no ')}, which the template's tools name.`,
    );
  };
}
