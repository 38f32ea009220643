/** What became of one expression. */
export type Outcome =
  | { readonly kind: 'value'; readonly value: boolean }
  /** What was seen does not fit: a missing key, a wrong type. `message` is for the learner, a clause without a full stop. */
  | { readonly kind: 'threw'; readonly message: string; readonly internal: string }
  /** It reads roots that are not there: observations that could not be made. */
  | { readonly kind: 'absent'; readonly roots: readonly string[] }
  /** It was ended: too long, or too much memory. */
  | { readonly kind: 'stopped'; readonly because: 'time' | 'memory' }
  /** It was never judged, and that is ours: it does not compile, or the thread broke. */
  | { readonly kind: 'broken'; readonly internal: string };
