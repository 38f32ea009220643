/**
 * The folder of a lab's own server, one a generation: `data`, and `archive` where it archives its WAL. The folder itself
 * is not the lab's, so nothing that a trainee does can put a link in the place of either.
 */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { chown, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureFolder } from '../../../embedded/folder.ts';
import { LabError } from '../../../lab/errors.ts';
import type { PostgresComponent } from '../../../templates/types.ts';
import { writeFileBeneath } from '../../files/workspace-files.ts';
import { componentPart, type ResourceRef, workspaceFolder } from '../../naming.ts';
import type { Piece } from '../../part.ts';
import { allCredentials, replicationCredentials } from '../../postgres/own-names.ts';
import { setPasswords } from '../../postgres/own-roles.ts';
import type { DeriveSecret } from '../../secrets.ts';
import type { Children } from '../children.ts';
import type { ProcessDriverOptions } from '../options.ts';
import type { Records } from '../records.ts';
import { createLiveCopies } from './live-copies.ts';
import type { PreparedServers } from './prepared-servers.ts';
import { endRemains } from './server-processes.ts';
import { runSingleUser } from './single-user.ts';

export interface OwnFolders {
  /** Where the server of this generation is, or would be. */
  path(ref: ResourceRef): string;
  data(ref: ResourceRef): string;
  /** Whether its server is made to stand still for a moment, because it is being copied. */
  isHeld(ref: ResourceRef): boolean;
  /** Makes the folder, whole or not at all: a copy of the origin, of the primary, or of what was prepared. */
  ensure(piece: Piece<PostgresComponent>, signal: AbortSignal): Promise<void>;
  /** Removes the folder and ends what still works in it; the server has ended. */
  remove(ref: ResourceRef): Promise<void>;
  removeOlder(ref: ResourceRef): Promise<void>;
  /** As `remove`, of all components and generations of a sandbox, half-made ones too. */
  removeAll(sandboxId: string): Promise<void>;
}

/** The primary, at its planned generation. Throws LabError `component_not_found` where the plan has none. */
export function primaryOf({ plan, spec }: Piece<PostgresComponent>): ResourceRef | null {
  if (spec.replicaOf === null) return null;
  const planned = plan.components[spec.replicaOf];
  if (planned === undefined) {
    throw new LabError('component_not_found', `The lab has no component "${spec.replicaOf}".`);
  }
  return { sandboxId: plan.sandboxId, component: spec.replicaOf, generation: planned.generation };
}

export function createOwnFolders(
  records: Records,
  children: Children,
  prepared: PreparedServers,
  secrets: DeriveSecret,
  { postgres, labUser }: Pick<ProcessDriverOptions, 'postgres' | 'labUser'>,
): OwnFolders {
  const copies = createLiveCopies(labUser);
  const path = (ref: ResourceRef) => join(records.folder(ref.sandboxId), workspaceFolder(ref));
  const data = (ref: ResourceRef) => join(path(ref), 'data');

  /** What a first generation is cloned from. A replica is always a copy of its own primary. */
  function originOf({ plan, ref, spec }: Piece<PostgresComponent>): ResourceRef | null {
    const planned = ref.generation === 1 ? plan.origin?.components[ref.component] : undefined;
    if (plan.origin === null || planned === undefined || spec.replicaOf !== null) return null;
    const { sandboxId } = plan.origin;
    return { sandboxId, component: ref.component, generation: planned.generation };
  }

  async function fill(folder: string, piece: Piece<PostgresComponent>, signal: AbortSignal) {
    const { plan, ref, spec } = piece;
    const to = join(folder, 'data');
    const primary = primaryOf(piece);
    const origin = originOf(piece);
    const from = primary ?? origin;
    if (from === null) await prepared.copy(plan.version, ref.component, to, signal);
    else {
      const running = () => children.find(from.sandboxId, from.component)?.pid;
      const parts = origin !== null && spec.archive ? ['data', 'archive'] : ['data'];
      await copies.copy({ component: from.component, folder: path(from), parts, running }, folder, signal);
      for (const file of ['postmaster.pid', 'standby.signal']) rmSync(join(to, file), { force: true });
    }
    if (spec.archive) ensureFolder(join(folder, 'archive'), labUser, 0o700);
    if (primary === null) {
      const sql = await setPasswords(allCredentials(secrets, ref));
      await runSingleUser(postgres, to, labUser, sql, signal);
      return;
    }
    await writeFileBeneath(to, 'standby.signal', new Uint8Array(), labUser);
    await writePassFile(join(folder, 'passfile'), primary);
    writeFileSync(join(folder, 'primary'), String(primary.generation));
  }

  async function writePassFile(file: string, primary: ResourceRef): Promise<void> {
    const { password } = replicationCredentials(secrets, primary);
    writeFileSync(file, `*:*:*:*:${password}\n`, { mode: 0o600 });
    if (labUser !== null) await chown(file, labUser.uid, labUser.gid);
  }

  /** A copy of what has its overlay has it too, whether it lets us in to look or not. */
  function keepMark({ sandboxId, component, generation }: ResourceRef, origin: ResourceRef | null): void {
    if (origin === null) return;
    if (records.get(origin.sandboxId)?.overlaid?.[component] !== origin.generation) return;
    records.update(sandboxId, ({ overlaid }) => ({ overlaid: { ...overlaid, [component]: generation } }));
  }

  /** A replica of a primary that has been made anew is of no use. */
  function isCurrent(piece: Piece<PostgresComponent>): boolean {
    const folder = path(piece.ref);
    if (!existsSync(folder)) return false;
    const primary = primaryOf(piece);
    return primary === null || readFileSync(join(folder, 'primary'), 'utf8') === String(primary.generation);
  }

  async function discard(folder: string): Promise<void> {
    await endRemains(join(folder, 'data'), labUser);
    // A thousand files: others are served meanwhile.
    await rm(folder, { recursive: true, force: true });
  }

  /** What a trainee has called so in a workspace may be a link to anywhere. */
  function isOurs(folder: string): boolean {
    if (!isFolder(join(folder, 'data'))) return false;
    return labUser === null || lstatSync(folder).uid !== labUser.uid;
  }

  function entries(sandboxId: string): readonly string[] {
    const folder = records.folder(sandboxId);
    if (!existsSync(folder)) return [];
    // Beside the folders there are records and logs.
    const all = readdirSync(folder, { withFileTypes: true });
    return all.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  }

  return {
    path,
    data,
    isHeld: (ref) => copies.isHeld(path(ref)),
    async ensure(piece, signal) {
      if (isCurrent(piece)) return;
      const { ref } = piece;
      if (existsSync(path(ref))) {
        await children.stop(ref.sandboxId, ref.component);
        await discard(path(ref));
      }
      const building = `${path(ref)}.building`;
      await discard(building);
      mkdirSync(building, { recursive: true });
      ensureFolder(building, null, 0o711);
      await fill(building, piece, signal);
      keepMark(ref, originOf(piece));
      renameSync(building, path(ref));
    },
    remove: (ref) => discard(path(ref)),
    async removeOlder(ref) {
      const prefix = `${componentPart(ref.component)}-`;
      for (const entry of entries(ref.sandboxId)) {
        const [, generation] = new RegExp(`^${prefix}(\\d+)$`).exec(entry) ?? [];
        if (generation !== undefined && Number(generation) < ref.generation) {
          await discard(join(records.folder(ref.sandboxId), entry));
        }
      }
    },
    async removeAll(sandboxId) {
      const mine = entries(sandboxId)
        .filter((entry) => /-\d+(\.building)?$/.test(entry))
        .map((entry) => join(records.folder(sandboxId), entry))
        .filter(isOurs);
      await Promise.all(mine.map(discard));
    },
  };
}

function isFolder(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}
