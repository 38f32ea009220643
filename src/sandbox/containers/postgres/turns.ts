/** Servers that are held still to be copied, one at a time of each: the end of one copy lets the server go on. */
import pLimit, { type LimitFunction } from 'p-limit';

export interface Turns {
  /** A copy of this container is made. */
  copy<T>(id: string, work: () => Promise<T>): Promise<T>;
  /** No copy of this container is made meanwhile: what is held still for one must not be released. */
  without<T>(id: string, work: () => Promise<T>): Promise<T>;
  /** Whether this container is held still for a moment, or is about to be. */
  isHeld(id: string): boolean;
  /** How many copies of anything have ended. */
  ended(): number;
}

export function createTurns(): Turns {
  /** What is done or waits, by container. */
  const turns = new Map<string, { readonly limit: LimitFunction; waiting: number }>();
  let ended = 0;

  async function without<T>(id: string, work: () => Promise<T>): Promise<T> {
    const turn = turns.get(id) ?? { limit: pLimit(1), waiting: 0 };
    turns.set(id, turn);
    turn.waiting += 1;
    try {
      return await turn.limit(work);
    } finally {
      turn.waiting -= 1;
      if (turn.waiting === 0) turns.delete(id);
    }
  }

  return {
    copy: (id, work) =>
      without(id, async () => {
        try {
          return await work();
        } finally {
          ended += 1;
        }
      }),
    without,
    isHeld: (id) => turns.has(id),
    ended: () => ended,
  };
}
