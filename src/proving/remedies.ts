/** What an author does about a defect, by its code. */
import type { DefectCode } from './types.ts';

export const remedies: Readonly<Record<DefectCode, string>> = {
  'does-not-load': 'Mend what `labwright template lint` names.',
  'secret-told': 'Leave the secret out of what the trainee reads.',
  'timing-unbanded':
    'Give the expectation `noise`: how much a busy machine may slow or speed what it compares, such as 15%.',
  'passes-at-start':
    'Look at what the work changes; say `guard: true` of a check against damage, or `passesAtStart: <reason>`.',
  'error-at-start': 'Make the check fail, not break, on a lab in which nothing was done.',
  'step-failed': 'Mend the step; it is run as the trainee, with their rights.',
  'not-solved': 'Mend the solution, or the check that does not see it.',
  'over-fitted': 'Use `{{params.…}}` in place of what was drawn once.',
  'rerun-differs': 'Let the check bear the work being done twice, or say `test: { rerun: { skip: <why> } }`.',
  'wrong-differs': 'Mend `fails`, or the check that does not see the difference.',
  'idle-step': 'Add a check that misses the step, leave the step out, or say `allowIdle: <reason>`.',
  'never-felled': 'Add a wrong way that fells it, or leave the check out.',
  'grading-errs': 'Mend the look or the expression; what a trainee can cause must fail, not break.',
  'grading-differs': 'Look at what is steady; order rows; wait with `within` for what comes late.',
  'grading-changes': 'Only look; what has to be tried belongs into a trial on a fork.',
  flaky: 'Look at what is steady; give times a wider margin.',
  'timing-inside-band': 'Move the limit away from where times are, so that no busy machine decides.',
  'lab-fails': 'See what it says; `labwright try` shows the same.',
  'reset-differs': 'Make what the components begin with not depend on time or on what was there before.',
  leaks: 'End what the lab starts, in its own process group and as its own user.',
  'over-budget': 'Make it lighter, or raise `test.budget`.',
  'backends-differ':
    'Look at what is the same everywhere: names in place of ports and paths, and what the lab itself tells of them.',
  'same-column': 'Make one of the two look at something else, or join them.',
};
