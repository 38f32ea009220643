/**
 * Starts things that need one another: each as soon as all that it needs is done, and once however often it is asked
 * for. What needs one that failed is not started, and rejects with the same reason.
 */
export interface InOrder {
  start(name: string, signal: AbortSignal): Promise<void>;
  /** Resolves when nothing that was started is under way. */
  settled(): Promise<void>;
}

/** @param needs names, without a circle. */
export function createInOrder(
  needs: (name: string) => readonly string[],
  work: (name: string, signal: AbortSignal) => Promise<void>,
): InOrder {
  const begun = new Map<string, Promise<void>>();

  function start(name: string, signal: AbortSignal): Promise<void> {
    const known = begun.get(name);
    if (known !== undefined) return known;
    const doing = Promise.all(needs(name).map((other) => start(other, signal))).then(() => {
      signal.throwIfAborted();
      return work(name, signal);
    });
    begun.set(name, doing);
    return doing;
  }

  return { start, settled: async () => void (await Promise.allSettled(begun.values())) };
}
