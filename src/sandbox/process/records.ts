/**
 * What cannot be derived about a sandbox: when it was first made, which port its API has, which process serves it. One
 * small file a sandbox, written whole before the resource is made, read once at start and kept in memory.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessIdentity } from '../../embedded/process-identity.ts';
import { removeTree } from '../files/remove-tree.ts';
import { sandboxFolder } from '../naming.ts';

export interface StopSpec {
  readonly signal: NodeJS.Signals;
  /** It is killed when it takes longer. */
  readonly withinMs: number;
}

export interface ChildRecord extends ProcessIdentity {
  readonly generation: number;
  /** What it may keep in memory; null: what is usual. */
  readonly memoryMb?: number | null;
  /** How it is asked to end; absent: as usual. */
  readonly stop?: StopSpec;
}

export interface SandboxRecord {
  readonly sandboxId: string;
  readonly createdAt: string;
  /** By component; kept over generations, so that an address survives a reset. */
  readonly ports: Readonly<Record<string, number>>;
  /** By component: the generation at which its program was started last, whatever became of it. */
  readonly tried?: Readonly<Record<string, number>>;
  /** By component that runs from a trainee's files: what these were when it was started last. */
  readonly sources?: Readonly<Record<string, string>>;
  /** By component that is a server of the lab's own: the generation whose overlay was applied. */
  readonly overlaid?: Readonly<Record<string, number>>;
  /** By component. */
  readonly children: Readonly<Record<string, ChildRecord>>;
}

export interface Records {
  /** Folder of all sandboxes. */
  readonly root: string;
  get(sandboxId: string): SandboxRecord | null;
  all(): readonly SandboxRecord[];
  /** Changes a record, made at need. */
  update(sandboxId: string, change: (record: SandboxRecord) => Partial<SandboxRecord>): SandboxRecord;
  /** Removes the sandbox's whole folder. */
  remove(sandboxId: string): Promise<void>;
  folder(sandboxId: string): string;
}

/** @param root folder of all sandboxes; it is there already. */
export function openRecords(root: string, installationId: string): Records {
  const records = new Map<string, SandboxRecord>();
  const folder = (sandboxId: string) => join(root, sandboxFolder(sandboxId));
  for (const entry of readdirSync(root)) {
    const found = readRecord(join(root, entry, 'sandbox.json'));
    if (found !== null && found.installationId === installationId) records.set(found.sandboxId, found);
  }
  return {
    root,
    folder,
    get: (sandboxId) => records.get(sandboxId) ?? null,
    all: () => [...records.values()],
    update(sandboxId, change) {
      const now = records.get(sandboxId) ?? {
        sandboxId,
        createdAt: new Date().toISOString(),
        ports: {},
        children: {},
      };
      const next: SandboxRecord = { ...now, ...change(now) };
      mkdirSync(folder(sandboxId), { recursive: true, mode: 0o711 });
      const path = join(folder(sandboxId), 'sandbox.json');
      writeFileSync(`${path}.new`, JSON.stringify({ installationId, ...next }), { mode: 0o600 });
      renameSync(`${path}.new`, path);
      records.set(sandboxId, next);
      return next;
    },
    async remove(sandboxId) {
      // The record goes last: what a crash leaves behind is still listed.
      for (const entry of entriesOf(folder(sandboxId))) {
        if (entry !== 'sandbox.json') await removeTree(join(folder(sandboxId), entry));
      }
      await removeTree(folder(sandboxId));
      records.delete(sandboxId);
    },
  };
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readRecord(path: string): (SandboxRecord & { readonly installationId: string }) | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as SandboxRecord & { readonly installationId: string };
  } catch {
    return null;
  }
}
