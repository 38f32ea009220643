/**
 * Every cap on what a look may cost, in one place. A look over a cap is `oversized`, never cut: a verdict on half of
 * the rows would be a guess.
 */
export const limits = {
  /** A look's own time when its spec does not say; the attempt's deadline still ends it earlier. */
  lookMs: 10_000,
  longestLookMs: 120_000,
  /** A rollout, a restore. */
  longestStepMs: 600_000,
  /** After an abort or its deadline a look has this long to clean up; then it is left behind. */
  abortGraceMs: 100,
  /** What a program gets beyond its own time, so that its end is seen rather than ours. */
  graceMs: 250,

  sqlRows: 1_000,
  sqlBytes: 1024 * 1024,
  /** What may arrive on the wire: the rows, their framing, start-up and notices. */
  sqlWireBytes: 2 * 1024 * 1024,
  sqlColumns: 200,

  httpBodyBytes: 1024 * 1024,
  httpHeaderBytes: 32 * 1024,
  repeatRequests: 2_000,
  repeatConcurrency: 20,
  /** All requests of one `repeat`. */
  repeatMs: 60_000,

  /** What a port says first, and how long it is listened to. */
  bannerBytes: 4_096,
  bannerMs: 1_000,

  /** Samples of a watch are known only so much later: they are written every 5 s. */
  watchTailMs: 10_000,

  /** The newest of a program's output. */
  logBytes: 256 * 1024,
  logLines: 1_000,

  /** Of a namespace. */
  objects: 500,
  objectBytes: 1024 * 1024,

  execOutputBytes: 256 * 1024,
  execMs: 30_000,
  /** The end of what a trainee's tests printed. */
  testOutputChars: 4_000,

  /** Of a volume in a cluster, which a program of ours must be brought to first. */
  volumeMs: 60_000,
  files: 100,
  fileBytes: 1024 * 1024,
  largestFileBytes: 4 * 1024 * 1024,
  /** YAML is parsed on our thread at about 10 MB a second. */
  yamlChars: 256 * 1024,
  fileHeadBytes: 64 * 1024,

  /** Depth of anything parsed from the trainee's bytes: recorded values are at most 64 deep, the look's frame included. */
  depth: 60,
  /** Values in one parsed document: a YAML file may name one list a million times. */
  nodes: 100_000,

  /** Characters of a trainee's own words inside a reason. */
  quotedChars: 200,
} as const;
