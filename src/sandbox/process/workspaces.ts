/** The workspace of a lab: a folder a generation, filled from the template, owned by the lab user. */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureFolder } from '../../embedded/folder.ts';
import type { OsUser } from '../../embedded/os-user.ts';
import type { ComponentObservation } from '../../lab/lab.ts';
import type { ShellComponent, TemplateVersion } from '../../templates/types.ts';
import { componentPart, type ResourceRef, workspaceFolder } from '../naming.ts';
import { endInhabitants } from './inhabitants.ts';
import type { Records } from './records.ts';
import { writeFileBeneath } from './workspace-files.ts';

export interface Workspaces {
  path(ref: ResourceRef): string;
  ensure(ref: ResourceRef, spec: ShellComponent, version: TemplateVersion): Promise<void>;
  observe(ref: ResourceRef): ComponentObservation;
}

export function createWorkspaces(records: Records, owner: OsUser | null): Workspaces {
  const path = (ref: ResourceRef) => join(records.folder(ref.sandboxId), workspaceFolder(ref));

  /** Generations that are there, the highest first. */
  function generations({ sandboxId, component }: ResourceRef): readonly number[] {
    const folder = records.folder(sandboxId);
    const prefix = `${componentPart(component)}-`;
    return (existsSync(folder) ? readdirSync(folder) : [])
      .filter((entry) => entry.startsWith(prefix) && /^\d+$/.test(entry.slice(prefix.length)))
      .map((entry) => Number(entry.slice(prefix.length)))
      .sort((a, b) => b - a);
  }

  return {
    path,
    async ensure(ref, spec, version) {
      const there = generations(ref);
      // A stale caller with an older plan changes nothing.
      if ((there[0] ?? 0) > ref.generation) return;
      if (!there.includes(ref.generation)) {
        // Filled beside and renamed: a workspace that is there is whole.
        const building = `${path(ref)}.building`;
        rmSync(building, { recursive: true, force: true });
        ensureFolder(building, owner, 0o700);
        for (const [name, content] of version.files) {
          if (spec.files === null || !name.startsWith(spec.files)) continue;
          await writeFileBeneath(building, name.slice(spec.files.length), content, owner);
        }
        renameSync(building, path(ref));
      }
      for (const generation of there.filter((generation) => generation < ref.generation)) {
        const old = path({ ...ref, generation });
        await endInhabitants(old);
        rmSync(old, { recursive: true, force: true });
      }
    },
    observe(ref) {
      const [generation] = generations(ref);
      return generation === undefined
        ? { state: 'absent', generation: 0, detail: null }
        : { state: 'running', generation, detail: null };
    },
  };
}
