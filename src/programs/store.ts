/** Where facts are kept and attempts are read: implemented by `src/store`. */
import type { Judgements } from '../grading/people.ts';
import type { Attempt } from '../grading/types.ts';
import type { Fact, NewFact } from './record.ts';

/** A finished attempt as it was recorded, or regraded since, with what people said of it. */
export interface GradedAttempt {
  readonly trainee: string;
  readonly templateId: string;
  readonly attempt: Attempt;
  readonly judgements: Judgements;
}

export interface ProgramStore {
  /** All or none, in this order. */
  addFacts(programId: string, facts: readonly NewFact[]): Promise<readonly Fact[]>;
  /** Of these trainees, in the order in which they were recorded. */
  facts(programId: string, trainees: readonly string[]): Promise<readonly Fact[]>;
  /** Newest first; `before` is the id where the page before ended. */
  listFacts(
    programId: string,
    query: { readonly trainee?: string; readonly before?: string; readonly limit: number },
  ): Promise<readonly Fact[]>;
  /** Who has a fact of the program or a lab of these templates, by name, after `after`. */
  trainees(
    programId: string,
    templates: readonly string[],
    after: string | null,
    limit: number,
  ): Promise<readonly string[]>;
  /** Their finished attempts at these templates; without `handedIn` all of them. */
  attempts(
    trainees: readonly string[],
    templates: readonly string[],
    handedIn: boolean,
  ): Promise<readonly GradedAttempt[]>;
  /** Labs of theirs that have not ended. */
  openLabs(
    trainees: readonly string[],
    templates: readonly string[],
  ): Promise<readonly { readonly trainee: string; readonly templateId: string; readonly labId: string }[]>;
  /** The database's. */
  now(): Promise<Date>;
}
