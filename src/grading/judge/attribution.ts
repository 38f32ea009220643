/**
 * Whose fault it is that something could not be seen: the one table. `fail` is what a trainee can cause, and costs
 * points; `error` is ours, costs nothing and is tried again. An observer says `backend_down` or `bug` only with proof:
 * its own control probe failed at that moment.
 */
import type { LookProblem } from '../types.ts';

export interface Attribution {
  readonly verdict: 'fail' | 'error';
  /** For the learner, where the observation says no more. */
  readonly sentence: string;
}

export const attribution: Readonly<Record<LookProblem, Attribution>> = {
  missing: { verdict: 'fail', sentence: 'What this check looks at is not there.' },
  denied: { verdict: 'fail', sentence: 'Access to what this check looks at was denied.' },
  refused: { verdict: 'fail', sentence: 'The connection was refused: is it running?' },
  slow: { verdict: 'fail', sentence: 'There was no answer in time.' },
  oversized: { verdict: 'fail', sentence: 'There was more to look at than a check may read.' },
  unsupported: { verdict: 'fail', sentence: 'What was found there is not of a kind that can be checked.' },
  rejected: { verdict: 'fail', sentence: 'The request was rejected.' },
  unanswered: { verdict: 'fail', sentence: 'You have not answered this question yet.' },
  gap: {
    verdict: 'error',
    sentence: 'This could not be judged because we did not watch all the time. It costs you nothing.',
  },
  untried: {
    verdict: 'error',
    sentence: 'This could not be tried out because of a fault of ours. It costs you nothing.',
  },
  backend_down: {
    verdict: 'error',
    sentence: 'This could not be checked because the lab could not be reached. It costs you nothing.',
  },
  bug: {
    verdict: 'error',
    sentence: 'This could not be checked because of a fault of ours. It costs you nothing.',
  },
};
