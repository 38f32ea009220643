/** A program of the template, or of the trainee, or an image. */
import type { ServiceComponent } from '../../../templates/types.ts';
import type { Part, Piece } from '../../part.ts';
import { filesBeneath } from '../../template-files.ts';
import type { ContainerSpec } from '../types.ts';
import { heapOption, ownFolderOf, type ProgramNeeds, plainProgram } from './needs.ts';
import type { Program, Readiness } from './programs.ts';
import type { Runner } from './runner.ts';

const startWithinMs = 30_000;
/**
 * The folder, which a trainee may have removed, and then the command, whole words. What is not in PATH is looked for in
 * the folder.
 */
const inFolder = [
  '/bin/sh',
  '-c',
  'cd "$0" && { command -v "$1" > /dev/null || set -- "./$@"; } && exec "$@"',
] as const;

export function createServicePart(needs: ProgramNeeds, runner: Runner): Part<ServiceComponent> {
  const { environments, images } = needs;

  /** What it runs in and what is there. */
  function placeOf({
    plan,
    ref,
    spec,
  }: Piece<ServiceComponent>): Partial<ContainerSpec> & { folder?: string } {
    if (spec.source !== null) {
      const folder = runner.sourceFolder(plan, spec.source);
      return { folder, mounts: [runner.sourceMount(plan, spec.source)] };
    }
    if (spec.image !== null && spec.files === null) return {};
    const folder = ownFolderOf(ref);
    const files = [...filesBeneath(plan.version.files, spec.files)].map(
      ([name, content]) => [`${folder}/${name}`, { content, mode: modeOf(content) }] as const,
    );
    return { folder, ownFolder: folder, files: new Map(files) };
  }

  async function container(piece: Piece<ServiceComponent>): Promise<ContainerSpec> {
    const { plan, spec } = piece;
    const { folder, ...place } = placeOf(piece);
    const { command } = spec;
    return {
      ...plainProgram(piece),
      ...place,
      ports: [spec.port],
      ...(spec.image === null
        ? { image: images.workspace, entrypoint: [...inFolder, folder ?? '/'], command }
        : {
            image: spec.image,
            user: 'image' as const,
            ...(command.length > 0 && { entrypoint: command, command: [] }),
            ...(folder !== undefined && { workingDir: folder }),
          }),
      env: {
        LANG: 'C.UTF-8',
        ...(folder !== undefined && { HOME: folder }),
        ...(spec.limits?.memoryMb !== undefined && { NODE_OPTIONS: heapOption(spec) }),
        ...environments.facts(plan, spec.uses),
        HOST: '0.0.0.0',
        PORT: String(spec.port),
        ...(await environments.own(piece, spec.env)),
      },
    };
  }

  function readinessOf({ ready, port }: ServiceComponent): Readiness {
    if (ready.by === 'http') return { by: 'http', port, path: ready.path };
    return ready.by === 'tcp' ? { by: 'tcp', port } : ready;
  }

  const programOf = (piece: Piece<ServiceComponent>): Program => ({
    plan: piece.plan,
    ref: piece.ref,
    title: `The program of "${piece.ref.component}"`,
    startWithinMs,
    ready: readinessOf(piece.spec),
    container: () => container(piece),
  });

  return {
    ...runner.part(programOf, ({ spec }) => spec.source),
    access: ({ ref, spec: { port } }) => {
      const host = ref.component;
      return { kind: 'service', url: `http://${host}:${port}`, host, port };
    },
    address: ({ ref, spec }, which) => (which === 'main' ? { host: ref.component, port: spec.port } : null),
    lacks(component, { image }) {
      const missing = image === null ? null : needs.missingImage(image);
      return missing === null ? [] : [`Component "${component}" needs the image ${image}, ${missing}`];
    },
  };
}

/** What begins as a script does is one. */
const modeOf = (content: Uint8Array) => (content[0] === 0x23 && content[1] === 0x21 ? 0o755 : 0o644);
