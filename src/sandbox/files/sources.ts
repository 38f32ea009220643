/**
 * Programs that run from a trainee's files: started again when these change, and shown as they are when they do not
 * start. They are followed from their start, or from the first look after Labwright itself was started again.
 */
import type { ResourceRef } from '../naming.ts';
import { changedOutside, type SourceScan } from './source-files.ts';

/** A program that changes its own source at each start must not keep the machine busy: after so many saves a minute … */
const freelyAMinute = 10;
/** … the next one waits. */
const busyWaitMs = 10_000;

export interface Followed {
  readonly ref: ResourceRef;
  /** The workspace, and where the program is in it. */
  readonly workspace: ResourceRef;
  readonly below: string;
  readonly reload: boolean;
  readonly editable: readonly string[];
  /** Hashes of the program's files as they were delivered, by path below the folder. */
  delivered(): ReadonlyMap<string, string>;
  /** Ends and starts it; `isCurrent` is false once it is not to run any more. */
  restart(isCurrent: () => boolean): Promise<void>;
}

/** Where a backend has files of workspaces, and keeps what must be known again. */
export interface SourceAccess {
  scan(followed: Followed): Promise<SourceScan>;
  /** Calls `onChange` a moment after something was changed there. */
  watch(followed: Followed, onChange: () => void): SourceWatch;
  /** What the program was last started from, also by another Labwright; null: not known. */
  noted(ref: ResourceRef): Promise<string | null>;
  note(ref: ResourceRef, fingerprint: string): Promise<void>;
}

export interface SourceWatch {
  /** Told of each scan. */
  cover?(folders: readonly string[]): void;
  close(): void;
}

export interface Sources {
  /** Notes what the files are, just before the program is started from them. */
  begin(followed: Followed): Promise<void>;
  /** Follows it if that is not done yet. */
  follow(followed: Followed): void;
  /** What was changed that is not to be edited; null when nothing, or nothing known. */
  changedOutside(ref: ResourceRef): string | null;
  /** Returns when programs of this sandbox whose files have changed were started again. */
  settle(sandboxId: string): Promise<void>;
  forget(sandboxId: string, component?: string): void;
  close(): void;
}

interface Entry {
  followed: Followed;
  readonly watch: SourceWatch;
  scan: SourceScan | null;
  /** One look at a time; a change during a look makes one more. */
  looking: Promise<void> | null;
  again: boolean;
  saves: readonly number[];
}

/** Nothing is started again for a sandbox that `noted` does not know: it is gone. */
export function createSources(access: SourceAccess): Sources {
  const entries = new Map<string, Entry>();
  const keyOf = ({ sandboxId, component }: ResourceRef) => `${sandboxId}/${component}`;

  async function scanOf(entry: Entry): Promise<SourceScan> {
    const scan = await access.scan(entry.followed);
    entry.scan = scan;
    entry.watch.cover?.(scan.folders);
    return scan;
  }

  const isSamePlace = (one: Followed, other: Followed) =>
    one.workspace.generation === other.workspace.generation &&
    one.workspace.component === other.workspace.component &&
    one.below === other.below;

  async function lookOnce(entry: Entry, isSave: boolean): Promise<void> {
    const { ref, reload } = entry.followed;
    const isCurrent = () =>
      entries.get(keyOf(ref)) === entry && entry.followed.ref.generation === ref.generation;
    const { fingerprint } = await scanOf(entry);
    const noted = await access.noted(ref);
    if (!isCurrent() || !reload || noted === null || noted === fingerprint) return;
    const now = Date.now();
    const recent = entry.saves.filter((at) => now - at < 60_000);
    if (isSave && recent.length >= freelyAMinute && now - (recent.at(-1) ?? 0) < busyWaitMs) {
      setTimeout(() => void look(entry, true).catch(() => {}), busyWaitMs).unref();
      return;
    }
    entry.saves = [...recent, now];
    await access.note(ref, fingerprint);
    await entry.followed.restart(isCurrent);
  }

  function look(entry: Entry, isSave: boolean): Promise<void> {
    if (entry.looking !== null) {
      entry.again = true;
      return entry.looking;
    }
    const run = async () => {
      do {
        entry.again = false;
        await lookOnce(entry, isSave);
      } while (entry.again);
    };
    entry.looking = run().finally(() => {
      entry.looking = null;
    });
    return entry.looking;
  }

  function entryOf(followed: Followed): Entry {
    const key = keyOf(followed.ref);
    const known = entries.get(key);
    if (known !== undefined && isSamePlace(known.followed, followed)) {
      known.followed = followed;
      return known;
    }
    known?.watch.close();
    const entry: Entry = {
      followed,
      // What fails here is seen by the next look at the component.
      watch: access.watch(followed, () => void look(entry, true).catch(() => {})),
      scan: null,
      looking: null,
      again: false,
      saves: [],
    };
    entries.set(key, entry);
    return entry;
  }

  return {
    async begin(followed) {
      const { fingerprint } = await scanOf(entryOf(followed));
      await access.note(followed.ref, fingerprint);
    },
    follow(followed) {
      const known = entries.get(keyOf(followed.ref));
      if (known !== undefined && isSamePlace(known.followed, followed)) return;
      // Saved while Labwright was away: it is started again now.
      void look(entryOf(followed), true).catch(() => {});
    },
    changedOutside(ref) {
      const entry = entries.get(keyOf(ref));
      if (entry === undefined || entry.scan === null) return null;
      return changedOutside(entry.scan, entry.followed.delivered(), entry.followed.editable);
    },
    async settle(sandboxId) {
      const mine = [...entries.values()].filter(({ followed }) => followed.ref.sandboxId === sandboxId);
      await Promise.all(mine.map((entry) => look(entry, false)));
    },
    forget(sandboxId, component) {
      for (const [key, { followed, watch }] of entries) {
        if (followed.ref.sandboxId !== sandboxId) continue;
        if (component !== undefined && followed.ref.component !== component) continue;
        watch.close();
        entries.delete(key);
      }
    },
    close() {
      for (const { watch } of entries.values()) watch.close();
      entries.clear();
    },
  };
}
