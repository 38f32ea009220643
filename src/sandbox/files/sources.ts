/**
 * Programs that run from a trainee's files: started again when these change, and shown as they are when they do not
 * start. They are followed from their start, or from the first look after Labwright itself was started again.
 */
import type { ResourceRef } from '../naming.ts';
import type { Records } from '../process/records.ts';
import { changedOutside, type SourceScan, scanSource } from './source-files.ts';
import { type FolderWatch, watchFolders } from './watch-folders.ts';

/** A program that changes its own source at each start must not keep the machine busy: after so many saves a minute … */
const freelyAMinute = 10;
/** … the next one waits. */
const busyWaitMs = 10_000;

export interface Followed {
  readonly ref: ResourceRef;
  /** The workspace, and the program's folder in it. */
  readonly root: string;
  readonly folder: string;
  readonly reload: boolean;
  readonly editable: readonly string[];
  /** Hashes of the program's files as they were delivered, by path below the folder. */
  delivered(): ReadonlyMap<string, string>;
  /** Ends and starts it; `isCurrent` is false once it is not to run any more. */
  restart(isCurrent: () => boolean): Promise<void>;
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
  readonly watch: FolderWatch;
  scan: SourceScan | null;
  /** One look at a time; a change during a look makes one more. */
  looking: Promise<void> | null;
  again: boolean;
  saves: readonly number[];
}

export function createSources(records: Records): Sources {
  const entries = new Map<string, Entry>();
  const keyOf = ({ sandboxId, component }: ResourceRef) => `${sandboxId}/${component}`;

  async function scanOf(entry: Entry): Promise<SourceScan> {
    const { folder, editable } = entry.followed;
    const scan = await scanSource(folder, editable);
    entry.scan = scan;
    entry.watch.cover(scan.folders);
    return scan;
  }

  function note({ sandboxId, component }: ResourceRef, fingerprint: string): void {
    records.update(sandboxId, ({ sources }) => ({ sources: { ...sources, [component]: fingerprint } }));
  }

  async function lookOnce(entry: Entry, isSave: boolean): Promise<void> {
    const { ref, reload } = entry.followed;
    const isCurrent = () =>
      entries.get(keyOf(ref)) === entry && entry.followed.ref.generation === ref.generation;
    const { fingerprint } = await scanOf(entry);
    const record = records.get(ref.sandboxId);
    if (!isCurrent() || record === null || record.sources?.[ref.component] === fingerprint) return;
    if (!reload) return;
    const now = Date.now();
    const recent = entry.saves.filter((at) => now - at < 60_000);
    if (isSave && recent.length >= freelyAMinute && now - (recent.at(-1) ?? 0) < busyWaitMs) {
      setTimeout(() => void look(entry, true).catch(() => {}), busyWaitMs).unref();
      return;
    }
    entry.saves = [...recent, now];
    note(ref, fingerprint);
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
    if (known !== undefined && known.followed.folder === followed.folder) {
      known.followed = followed;
      return known;
    }
    known?.watch.close();
    const entry: Entry = {
      followed,
      // What fails here is seen by the next look at the component.
      watch: watchFolders(followed.root, followed.folder, () => void look(entry, true).catch(() => {})),
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
      note(followed.ref, fingerprint);
    },
    follow(followed) {
      const known = entries.get(keyOf(followed.ref));
      if (known !== undefined && known.followed.folder === followed.folder) return;
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
