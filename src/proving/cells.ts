import type { Witness } from '../grading/grade-attempt.ts';
import type { CheckResult, Observation } from '../grading/types.ts';
import type { Cell } from './types.ts';

/** What the checks of an attempt were judged on, and what each came to by itself. */
export type Judged = Parameters<Witness>[1];

const longestLook = 160;
const longestSeen = 400;

/** Checks as they count, with the verdict that each would have if all that it needs had passed. Pure. */
export function cellsOf(results: readonly CheckResult[], judged: Judged): readonly Cell[] {
  return results.map(({ checkId, verdict, points, message, internal }) => {
    const one = judged.find(({ result }) => result.checkId === checkId);
    const observations = one?.basis?.observations;
    return {
      check: checkId,
      verdict,
      points,
      own: verdict === 'blocked' ? (one?.result.verdict ?? verdict) : verdict,
      // An author may know what a trainee is not told.
      message: message !== null && internal !== null ? `${message} (${internal})` : message,
      ...(observations === undefined ? {} : { seen: seenOf(observations) }),
    };
  });
}

/** `town: {"rows":[…]}; page: refused`. */
function seenOf(observations: Readonly<Record<string, Observation>>): string {
  const looks = Object.entries(observations).map(([name, one]) => {
    const found = one.outcome === 'seen' ? (JSON.stringify(one.value) ?? '') : one.problem;
    return cut(`${name}: ${found}`, longestLook);
  });
  return cut(looks.join('; '), longestSeen);
}

const cut = (text: string, most: number) => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);
