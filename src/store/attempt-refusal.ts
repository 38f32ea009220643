/** Whether one more attempt may be asked for, and whether it comes late. Pure; whoever asks holds the lab. */
import { allowanceOf, type Limits } from '../grading/limits.ts';
import type { AttemptHistory } from '../grading/types.ts';
import type { LabError } from '../lab/errors.ts';
import {
  alreadySubmitted,
  attemptRunning,
  attemptsUsedUp,
  coolingDown,
  pastDue,
  tooSoon,
} from './refusals.ts';

interface Asked {
  readonly final: boolean;
  readonly everySeconds: number;
  /** Absent: whoever asks is held by none. */
  readonly limits?: Limits;
}

/** Null: it may be. */
export function refusalOf({ earlier, due, now }: AttemptHistory, asked: Asked): LabError | null {
  const own = earlier.filter((one) => one.own);
  const open = own.find(({ state }) => state === 'queued' || state === 'running');
  if (open) return attemptRunning(open);
  const submitted = own.find(({ final, state }) => final && state === 'finished');
  if (submitted && asked.final) return alreadySubmitted(submitted);
  if (asked.final && asked.limits && due?.late === 'refuse' && now > due.at) return pastDue(due);
  const limits = asked.final ? {} : (asked.limits ?? {});
  const { left, used, pause, inVain } = allowanceOf(earlier, limits, asked.everySeconds, now);
  if (left === 0) return attemptsUsedUp(limits.attempts ?? used);
  if (pause === null) return null;
  const seconds = Math.ceil((pause.until.getTime() - now.getTime()) / 1_000);
  return pause.because === 'every' ? tooSoon(seconds, pause.seconds) : coolingDown(seconds, inVain);
}

/** By how much work that is handed in now comes late, where that is marked; null: it does not. */
export function lateBy({ due, now }: AttemptHistory, final: boolean): number | null {
  if (!final || due === null || due.late === 'accept' || now <= due.at) return null;
  return Math.round((now.getTime() - due.at.getTime()) / 1_000);
}
