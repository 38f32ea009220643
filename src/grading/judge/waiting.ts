/** Checks that wait for something other than the trainee's work: an event, or a person's mark. Pure. */
import type { CheckSpec, FaultSpec, RubricSpec } from '../../templates/types.ts';
import type { CheckResult, FaultTimes, Mark, Verdict } from '../types.ts';
import { presentable } from '../values/message.ts';
import type { Judged } from './judge.ts';
import { markedResult, unmarked } from './rubric.ts';

/** The result of a check whose event is not over yet; null when it waits for none. */
export function blockedUntil(
  check: CheckSpec,
  events: Readonly<Record<string, FaultTimes>>,
  faults: readonly FaultSpec[],
): Judged | null {
  if (check.require === null) return null;
  const { event } = check.require;
  const times = Object.hasOwn(events, event) ? events[event] : undefined;
  if (times !== undefined && times.done !== null) return null;
  return without(
    check,
    messageOf(
      times,
      faults.find(({ id }) => id === event),
    ),
  );
}

function messageOf(times: FaultTimes | undefined, fault: FaultSpec | undefined): string {
  if (times !== undefined && times.at !== null) return 'This waits until what is happening now is over.';
  if (fault?.when.on === 'press') return `This waits until you press “${fault.when.button}”.`;
  return 'This waits for something that has not happened yet.';
}

/** What a person's mark is worth; blocked without one. */
export function judgeMark(check: CheckSpec, rubric: RubricSpec, mark: Mark | null): Judged {
  if (mark === null) return without(check, unmarked);
  const { verdict, points } = markedResult(rubric, mark);
  const message = verdict === 'pass' ? null : presentable(mark.comment ?? 'Your instructor marked this.');
  const expectations = points.map((one, at) => ({ met: one === rubric.criteria[at]?.points, points: one }));
  return base(check, { verdict, points: points.reduce((sum, one) => sum + one, 0), message, expectations });
}

function without(check: CheckSpec, message: string): Judged {
  const lines = check.rubric?.criteria ?? check.expect;
  const expectations = lines.map(() => ({ met: false, points: 0 }));
  return base(check, { verdict: 'blocked', points: 0, message, expectations });
}

function base(
  check: CheckSpec,
  rest: { verdict: Verdict } & Pick<CheckResult, 'points' | 'message' | 'expectations'>,
): Judged {
  return { checkId: check.id, maxPoints: check.points, internal: null, ...rest };
}
