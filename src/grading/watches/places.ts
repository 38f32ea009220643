/**
 * Places for samples, over all labs of a worker. Whoever works shares a few; whoever has waited for an answer for a while
 * gives its place to the next, so that labs that hang cost others no samples. A watch has one sample at a time, so that
 * there are never more under way than watches.
 */
import type { Limiter } from '../look-all.ts';

/** What answers takes less than this. */
const heldMs = 250;

export function createPlaces(most: number): Limiter {
  const waiting: (() => void)[] = [];
  let taken = 0;

  async function take(): Promise<() => void> {
    if (taken < most) taken += 1;
    // The place of the one that wakes it.
    else await new Promise<void>((wake) => waiting.push(wake));
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const next = waiting.shift();
      if (next === undefined) taken -= 1;
      else next();
    };
  }

  return async (work) => {
    const release = await take();
    const timer = setTimeout(release, heldMs);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
      release();
    }
  };
}
