/** The workspace of a lab: a folder a generation, filled from the template or from another sandbox's, owned by the lab user. */
import { existsSync, readdirSync, renameSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureFolder } from '../../embedded/folder.ts';
import type { OsUser } from '../../embedded/os-user.ts';
import type { ComponentObservation } from '../../lab/lab.ts';
import type { ShellComponent } from '../../templates/types.ts';
import { copyTree } from '../files/copy-tree.ts';
import { removeTree } from '../files/remove-tree.ts';
import type { WorkspaceContents } from '../files/workspace-contents.ts';
import { writeFileBeneath } from '../files/workspace-files.ts';
import { componentPart, type ResourceRef, workspaceFolder } from '../naming.ts';
import type { Piece } from '../part.ts';
import { endInhabitants } from './inhabitants.ts';
import type { Records } from './records.ts';

export interface Workspaces {
  path(ref: ResourceRef): string;
  ensure(piece: Piece<ShellComponent>, signal: AbortSignal): Promise<void>;
  observe(ref: ResourceRef): ComponentObservation;
}

export function createWorkspaces(
  records: Records,
  contents: WorkspaceContents,
  owner: OsUser | null,
): Workspaces {
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

  /** The workspace that this one is a copy of; null: it begins at the template. */
  function originOf({ plan, ref }: Piece): string | null {
    const origin = ref.generation === 1 ? plan.origin?.components[ref.component] : undefined;
    if (plan.origin === null || origin === undefined) return null;
    return path({
      sandboxId: plan.origin.sandboxId,
      component: ref.component,
      generation: origin.generation,
    });
  }

  async function fill(folder: string, piece: Piece<ShellComponent>, signal: AbortSignal): Promise<void> {
    const origin = originOf(piece);
    if (origin !== null) {
      // Closed while it is filled: nobody can put a link in the way.
      ensureFolder(folder, null, 0o700);
      await copyTree(origin, folder, owner, signal);
      if (owner !== null) await chown(folder, owner.uid, owner.gid);
      return;
    }
    ensureFolder(folder, owner, 0o700);
    for (const [name, content] of contents(piece.plan, piece.ref.component, piece.spec)) {
      await writeFileBeneath(folder, name, content, owner);
    }
  }

  return {
    path,
    async ensure(piece, signal) {
      const { ref } = piece;
      const there = generations(ref);
      // A stale caller with an older plan changes nothing.
      if ((there[0] ?? 0) > ref.generation) return;
      if (!there.includes(ref.generation)) {
        // Filled beside and renamed: a workspace that is there is whole.
        const building = `${path(ref)}.building`;
        await removeTree(building);
        await fill(building, piece, signal);
        renameSync(building, path(ref));
      }
      for (const generation of there.filter((generation) => generation < ref.generation)) {
        const old = path({ ...ref, generation });
        await endInhabitants(old);
        await removeTree(old);
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
