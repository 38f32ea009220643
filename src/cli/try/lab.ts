/** The lab of a `try`, with what is done in it. */
import { setTimeout as delay } from 'node:timers/promises';
import { askForLab } from '../../authoring/own-lab.ts';
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
  const lab = await askForLab(runtime.labs, caller, wish, say);
  const { id } = lab;
  return {
    id,
    async ready(): Promise<void> {
      const ended = await lab.ready(signal);
      if (ended !== null) throw new CliError('failed', 'lab_ended', `The lab never got ready: ${ended}.`);
    },
    access: lab.access,
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
    end: lab.end,
  };
}
