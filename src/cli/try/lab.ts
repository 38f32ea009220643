/** One lab of a runtime in this process: what the HTTP API does for a server's labs, called directly. */
import { setTimeout as delay } from 'node:timers/promises';
import { solveLab } from '../../compose/solve-lab.ts';
import type { Runtime } from '../../compose.ts';
import type { AttemptView } from '../../grading/attempt-view.ts';
import type { StepResult } from '../../grading/solve.ts';
import type { Caller } from '../../lab/lab-service.ts';
import type { StepSpec } from '../../templates/types.ts';
import { CliError } from '../cli-error.ts';

const everyMs = 50;

export type TriedLab = Awaited<ReturnType<typeof openLab>>;

/** Asks for a lab and follows it until it is ready. Throws what the template or the machine is to blame for. */
export async function openLab(
  runtime: Runtime,
  caller: Caller,
  wish: { readonly template: string; readonly seed?: string },
  say: (text: string) => void,
  signal: AbortSignal,
) {
  const { lab } = await runtime.labs.createLab(caller, wish, null);
  const { id } = lab;

  async function until(done: (status: string, message: string) => boolean, stop: AbortSignal): Promise<void> {
    for (;;) {
      const { view } = await runtime.labs.getLab(caller, id);
      if (done(view.status, view.message)) return;
      say(view.message);
      await delay(everyMs, undefined, { signal: stop });
    }
  }

  return {
    id,
    ready: () =>
      until((status, message) => {
        if (status === 'ending' || status === 'ended') {
          throw new CliError('failed', 'lab_ended', `The lab never got ready: ${message}.`);
        }
        return status === 'ready';
      }, signal),
    access: () => runtime.labs.access(caller, id),
    guide: () => runtime.attempts.guide(caller, id),
    /** Runs a template's own steps with the trainee's rights. */
    solve: (steps: readonly StepSpec[], goOn: boolean, onStep: (step: StepResult) => void) =>
      solveLab(runtime, caller, id, { steps, goOn, onStep }, signal),
    async grade(): Promise<AttemptView> {
      let attempt = await runtime.attempts.requestAttempt(caller, id, { final: false });
      while (attempt.state === 'queued' || attempt.state === 'running') {
        await delay(everyMs, undefined, { signal });
        attempt = await runtime.attempts.getAttempt(caller, id, attempt.number);
      }
      if (attempt.state === 'finished') return attempt;
      throw new CliError('failed', 'attempt_void', `The attempt does not count: ${attempt.voidReason}.`);
    },
    async end(stop: AbortSignal): Promise<void> {
      await runtime.labs.deleteLab(caller, id);
      await until((status) => status === 'ended', stop);
    },
  };
}
