/** Thrown inside an expression by our own functions. The message is a sentence part for the learner. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}
