/** Why a look has no value, as something that can be thrown. */
import type { LookProblem } from './types.ts';

/** Thrown inside a look: it becomes an unseen observation. */
export class LookFailure extends Error {
  readonly problem: LookProblem;
  readonly reason: string;

  /**
   * @param reason for the trainee: no secrets, no query text.
   * @param internal for instructors and logs.
   */
  constructor(problem: LookProblem, reason: string, internal: string) {
    super(internal);
    this.name = 'LookFailure';
    this.problem = problem;
    this.reason = reason;
  }
}
