/** Presses a button as a trainee who does what the button asks for first: to be graded. */
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../lab/errors.ts';
import type { Caller } from '../lab/lab-service.ts';
import type { Core } from './core.ts';

const everyMs = 100;

/**
 * A button that waits for a check is pressed again after one attempt. Throws `button_not_found`, `not_yet` where the
 * check has not passed then either, and what asking for an attempt throws. Rejects on abort.
 */
export async function pressGraded(
  { attempts, operations }: Pick<Core, 'attempts' | 'operations'>,
  trainee: Caller,
  labId: string,
  button: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await operations.press(trainee, labId, button);
  } catch (error) {
    if (!(error instanceof LabError && error.code === 'not_yet')) throw error;
    let attempt = await attempts.requestAttempt(trainee, labId, { final: false });
    while (attempt.state === 'queued' || attempt.state === 'running') {
      await delay(everyMs, undefined, { signal });
      attempt = await attempts.getAttempt(trainee, labId, attempt.number);
    }
    await operations.press(trainee, labId, button);
  }
}
