/** Why the store says no: one place for codes, texts and the facts that come with them. */

import type { Attempt } from '../grading/types.ts';
import { LabError } from '../lab/errors.ts';
import { asleep } from '../lab/guards.ts';
import type { Lab } from '../lab/lab.ts';
import type { Due } from '../lab/releases/types.ts';

export function quotaTrainee(trainee: string, limit: number, used: number): LabError {
  return new LabError(
    'quota_trainee',
    `${trainee} has ${used} labs and may have ${limit}: end one, or wait until one expires.`,
    { extra: { quota: 'trainee', limit, used }, retryAfterSeconds: 60 },
  );
}

export function quotaGlobal(limit: number, used: number): LabError {
  return new LabError('quota_global', `All ${limit} labs of this server are in use: try again later.`, {
    extra: { quota: 'global', limit, used },
    retryAfterSeconds: 30,
  });
}

export function idempotencyConflict(key: string): LabError {
  return new LabError(
    'idempotency_conflict',
    'This Idempotency-Key was used for another request: send a new key, or the same body.',
    { extra: { key } },
  );
}

export function labNotFound(id: string): LabError {
  return new LabError('lab_not_found', `There is no lab ${id}.`);
}

/** @param so what follows from it. */
export function labEnded(so: string): LabError {
  return new LabError('lab_ended', `This lab has ended: ${so}.`);
}

export function attemptNotFound(number: number): LabError {
  return new LabError('attempt_not_found', `This lab has no attempt ${number}.`);
}

/** Why a lab that is not `ready` takes no attempt; null when it does. */
export function refusesAttempt(
  lab: Pick<Lab, 'id' | 'phase' | 'sandboxId' | 'pausedBecause'>,
): LabError | null {
  if (lab.phase === 'terminating' || lab.phase === 'terminated') {
    return labEnded('it can no longer be graded');
  }
  if (lab.phase === 'ready' && lab.sandboxId !== null) return null;
  if (lab.phase === 'paused' || lab.phase === 'resuming') return asleep(lab);
  return new LabError('lab_not_ready', `This lab is ${lab.phase}: it can be graded when it is ready.`, {
    extra: { phase: lab.phase },
    retryAfterSeconds: 5,
  });
}

export function attemptRunning(open: Pick<Attempt, 'number'>): LabError {
  return new LabError('attempt_running', `Attempt ${open.number} of this lab is still being graded.`, {
    extra: { attempt: open.number },
    retryAfterSeconds: 5,
  });
}

export function alreadySubmitted(final: Pick<Attempt, 'number'>): LabError {
  return new LabError('conflict', `This lab was submitted: attempt ${final.number} is its final grade.`, {
    extra: { attempt: final.number },
  });
}

/** @param many there may be. */
export function attemptsUsedUp(many: number): LabError {
  return new LabError(
    'attempts_used_up',
    `${many === 1 ? 'The only attempt' : `All ${many} attempts`} on demand ${many === 1 ? 'is' : 'are'} used up: hand in when you are done.`,
    { extra: { attempts: many, left: 0 } },
  );
}

export function pastDue(due: Due): LabError {
  return new LabError(
    'past_due',
    `This work was due at ${due.at.toISOString()}, and nothing is taken later: ask your instructor.`,
    { extra: { due: due.at.toISOString() } },
  );
}

/** @param inVain attempts in a row that gained nothing. */
export function coolingDown(seconds: number, inVain: number): LabError {
  return new LabError(
    'too_soon',
    `The last ${inVain === 1 ? 'attempt' : `${inVain} attempts`} gained nothing: change something first, and try again in ${seconds} s.`,
    { extra: { inVain }, retryAfterSeconds: seconds },
  );
}

export function tooSoon(seconds: number, everySeconds: number): LabError {
  return new LabError(
    'too_soon',
    `A lab is graded at most every ${everySeconds} s: try again in ${seconds} s.`,
    { extra: { everySeconds }, retryAfterSeconds: seconds },
  );
}
