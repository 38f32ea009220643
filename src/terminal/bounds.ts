/** What one way may cost. Times are milliseconds. */
export interface Bounds {
  /** Frames of the client a second, over a few seconds; over it is not read until they are fewer again. */
  readonly framesPerSecond: number;
  /** Bytes that wait for the client before no more are taken for it. */
  readonly mostWaiting: number;
  /** How often it is asked whether it is still there, and looked whether its lab is. */
  readonly pingMs: number;
  readonly lookMs: number;
  /** A client that says nothing, not even that it is there, is taken for gone. */
  readonly goneMs: number;
  /** Nothing passes either way: it is closed. */
  readonly idleMs: number;
  /** What is to be closed and is not by then is cut off. */
  readonly closingMs: number;
}

export const bounds: Bounds = {
  framesPerSecond: 2_000,
  mostWaiting: 262_144,
  pingMs: 15_000,
  lookMs: 1_000,
  goneMs: 60_000,
  idleMs: 30 * 60_000,
  closingMs: 3_000,
};

/** Open at once. A connection pool is a few tunnels, and every page of an API another one. */
export const mostOpen = {
  terminal: { lab: 8, all: 200 },
  tunnel: { lab: 64, all: 1_000 },
} as const;
