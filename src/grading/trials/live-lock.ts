/** Looks at the live lab side by side, and one that changes it alone. */
export interface LiveLock {
  /** Runs `look` beside other looks, and not while a change is made or waits its turn. */
  look<T>(look: () => Promise<T>): Promise<T>;
  /** Runs `change` when all looks that had begun are over, and nothing beside it. */
  alone<T>(change: () => Promise<T>): Promise<T>;
}

/** Fair to changes: a look that comes after one waits for it, so that polling cannot keep a change waiting. */
export function createLiveLock(): LiveLock {
  let lastChange: Promise<unknown> = Promise.resolve();
  const looking = new Set<Promise<unknown>>();

  return {
    look(look) {
      const done = lastChange.then(look);
      const over = done.catch(() => {}).finally(() => looking.delete(over));
      looking.add(over);
      return done;
    },
    alone(change) {
      const before = [lastChange, ...looking];
      const done = Promise.all(before).then(change);
      lastChange = done.catch(() => {});
      return done;
    },
  };
}
