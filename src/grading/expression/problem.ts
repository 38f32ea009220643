/** What is wrong with an expression, for the author. */
export interface ExpressionProblem {
  readonly message: string;
  /** Where in the expression, in UTF-16 units from 0. */
  readonly offset: number;
  /** The known word that was probably meant; null when none is near. */
  readonly suggestion: string | null;
}

/** Something that is allowed and rarely meant. */
export interface ExpressionWarning {
  readonly message: string;
  readonly offset: number;
  /** The list that it is about, as written: another expectation of the same check may test its size. */
  readonly list: string;
}
