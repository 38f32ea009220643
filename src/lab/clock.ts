/** Time and randomness as arguments, so that a simulation can own them. */
export interface Clock {
  /** Resolves after `ms`, or at once with the reason thrown when aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export interface Ids {
  lab(): string;
  sandbox(): string;
  attempt(): string;
  seed(): string;
  /** Of a call for help. */
  help(): string;
}
