/**
 * Tells of changes in a folder. The system's notices are only a doorbell: editors that replace files, folders that go
 * and come back, and systems without such notices are seen by looking at the files' sizes and times.
 */
import { existsSync, type FSWatcher, watch } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { asLabError } from '../lab/errors.ts';
import { listFolder } from '../templates/load-folder.ts';

/** An editor's save is several notices. */
const settleMs = 25;
/** How often it is looked at without a notice. */
const everyMs = 500;

/**
 * Calls `onChange` after each change since the folder was as `known`, until `signal` is aborted; one call after the
 * other, and what changes during a call is told after it. Resolves then, and rejects with what `onChange` does.
 */
export async function watchFolder(
  folder: string,
  known: string,
  onChange: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const bell = createBell();
  let watcher: FSWatcher | null = null;
  const unwatch = () => {
    watcher?.close();
    watcher = null;
  };
  try {
    let last = known;
    while (!signal.aborted) {
      watcher ??= openWatcher(folder, bell.ring, unwatch);
      if (await bell.rangWithin(everyMs, signal))
        await delay(settleMs, undefined, { signal }).catch(() => {});
      const now = await signatureOf(folder);
      if (signal.aborted || now === last) continue;
      // One that comes back is another folder.
      if (!existsSync(folder)) unwatch();
      last = now;
      await onChange();
    }
  } finally {
    unwatch();
  }
}

/** What a folder is now. Whatever cannot be listed has a signature too: it changes when that changes. */
export async function signatureOf(folder: string): Promise<string> {
  try {
    return JSON.stringify(await listFolder(folder));
  } catch (thrown) {
    return asLabError(thrown).message;
  }
}

/** Null where there is no folder now, or no way to be told. */
function openWatcher(folder: string, ring: () => void, lost: () => void): FSWatcher | null {
  try {
    return watch(folder, { recursive: true }).on('change', ring).on('error', lost);
  } catch {
    return null;
  }
}

/** Rings between two waits are one. */
function createBell() {
  let rang = false;
  let wake = () => {};
  return {
    ring(): void {
      rang = true;
      wake();
    },
    async rangWithin(ms: number, signal: AbortSignal): Promise<boolean> {
      if (!rang) {
        const over = new AbortController();
        wake = () => over.abort();
        await delay(ms, undefined, { signal: AbortSignal.any([signal, over.signal]) }).catch(() => {});
      }
      const was = rang;
      rang = false;
      return was;
    },
  };
}
