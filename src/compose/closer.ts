/**
 * What was opened is closed in the opposite order, each once, whatever of it fails or hangs: a library that waits for
 * a server that is gone must not keep the others from being closed.
 */
import { setTimeout as delay } from 'node:timers/promises';

export interface Closer {
  /** It is waited for so long at most; default 40 s. */
  add(name: string, close: Close, patienceMs?: number): void;
  /** Closes everything and never throws. Once `hurry` is aborted nothing is waited for longer than 3 s. */
  close(hurry?: AbortSignal): Promise<void>;
}

/** Told of each part: how long it took, and what was wrong. */
export type Report = (name: string, ms: number, failure: unknown) => void;

type Close = () => Promise<unknown> | unknown;

const defaultPatienceMs = 40_000;
const hurriedMs = 3_000;

export function createCloser(report: Report): Closer {
  const open: { readonly name: string; readonly close: Close; readonly patienceMs: number }[] = [];
  let closing: Promise<void> | null = null;

  async function closeAll(hurry: AbortSignal): Promise<void> {
    for (let last = open.pop(); last !== undefined; last = open.pop()) {
      const started = performance.now();
      let failure: unknown = null;
      try {
        await bounded(last.close, last.patienceMs, hurry);
      } catch (error) {
        failure = error;
      }
      report(last.name, Math.round(performance.now() - started), failure);
    }
  }

  return {
    add: (name, close, patienceMs = defaultPatienceMs) => void open.push({ name, close, patienceMs }),
    close: (hurry = new AbortController().signal) => {
      closing ??= closeAll(hurry);
      return closing;
    },
  };
}

async function bounded(close: Close, patienceMs: number, hurry: AbortSignal): Promise<void> {
  const done = new AbortController();
  const { signal } = done;
  const late = async () => {
    const either = AbortSignal.any([signal, hurry]);
    await delay(patienceMs, undefined, { signal: either }).catch(() => {});
    if (!signal.aborted && hurry.aborted) await delay(hurriedMs, undefined, { signal }).catch(() => {});
    if (!signal.aborted) throw new Error('it did not close in time and was left to itself');
  };
  try {
    await Promise.race([close(), late()]);
  } finally {
    done.abort();
  }
}
