/** What work tells of itself as it is done; figures and traces are made of it elsewhere. */

/** Names, ids, codes and counts: never a secret, nor what people typed. */
export type Facts = Readonly<Record<string, string | number | boolean>>;

export interface Telemetry {
  /**
   * Gives and throws what `work` does; how long it took and how it ended is told.
   * @param from where the work was asked for (`here`), in this process or another; absent: in the span that it is in.
   */
  span<T>(name: string, facts: Facts, work: () => Promise<T>, from?: string | null): Promise<T>;
  /** Adds to the facts of the span that this is called in. */
  note(facts: Facts): void;
  /** Something that happened in the span that this is called in, or in none. */
  event(name: string, facts: Facts): void;
  /** Names the span that this is called in, across processes; null when nothing is traced. */
  here(): string | null;
}

/** Nobody listens. */
export const untold: Telemetry = {
  span: (_name, _facts, work) => work(),
  note: () => {},
  event: () => {},
  here: () => null,
};
