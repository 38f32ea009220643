/** What a workspace holds at its start. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { SandboxPlan } from '../../lab/ports.ts';
import type { ShellComponent } from '../../templates/types.ts';

/**
 * Files by their path in the workspace: the template's, on top of the sample API's own sources wherever one runs from
 * the workspace and the template does not bring its `main.ts`.
 */
export type WorkspaceContents = (
  plan: SandboxPlan,
  shell: string,
  spec: ShellComponent,
) => ReadonlyMap<string, Uint8Array>;

/** @param sampleApi folder of the sample API. */
export function createWorkspaceContents(sampleApi: string): WorkspaceContents {
  let read: ReadonlyMap<string, Uint8Array> | null = null;

  /** Read once: they are the same for every lab of this build. */
  function ownSources(): ReadonlyMap<string, Uint8Array> {
    read ??= new Map([
      // A copy has no package of its own around it.
      ['package.json', new TextEncoder().encode('{ "type": "module", "private": true }\n')],
      ...readdirSync(sampleApi, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .map((path) => [relative(sampleApi, path), readFileSync(path)] as const),
    ]);
    return read;
  }

  return (plan, shell, { files }) => {
    const all = new Map<string, Uint8Array>();
    const template = new Map(
      [...plan.version.files]
        .filter(([name]) => files !== null && name.startsWith(files))
        .map(([name, content]) => [name.slice(files?.length ?? 0), content]),
    );
    // The template's components, not the plan's: a fork without the API has the same workspace.
    for (const spec of Object.values(plan.version.template.components)) {
      if (spec.kind !== 'sample-api' || spec.source?.shell !== shell) continue;
      const folder = spec.source.path === '' ? '' : `${spec.source.path}/`;
      if (template.has(`${folder}main.ts`)) continue;
      for (const [name, content] of ownSources()) all.set(`${folder}${name}`, content);
    }
    for (const [name, content] of template) all.set(name, content);
    return all;
  };
}
