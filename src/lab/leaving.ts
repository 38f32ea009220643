/** How a worker takes leave of what must not be cut in two. */
export interface Leaving {
  /** Begin nothing more and wait for nothing: what is left goes on elsewhere, at once. */
  readonly soon: AbortSignal;
  /** Stop where you are. */
  readonly now: AbortSignal;
}
