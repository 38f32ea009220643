/** Where the time of a start goes: names what took how long. */
export interface Stopwatch {
  /** Times one step; what it gives or throws is passed on. */
  time<T>(step: string, work: () => Promise<T>): Promise<T>;
  /** Milliseconds by step, in the order in which they ended. */
  laps(): Readonly<Record<string, number>>;
}

export function createStopwatch(): Stopwatch {
  const laps: Record<string, number> = {};
  return {
    async time(step, work) {
      const started = performance.now();
      try {
        return await work();
      } finally {
        laps[step] = Math.round(performance.now() - started);
      }
    },
    laps: () => ({ ...laps }),
  };
}
