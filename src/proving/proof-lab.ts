/** One lab of a proof: asked for, brought back to its start, graded, worked in by a template's own steps, ended. */
import { setTimeout as delay } from 'node:timers/promises';
import { solveLab } from '../compose/solve-lab.ts';
import type { Runtime } from '../compose.ts';
import { bindSandbox } from '../grading/sandbox-handle.ts';
import type { StepResult } from '../grading/solve.ts';
import type { Attempt } from '../grading/types.ts';
import { LabError } from '../lab/errors.ts';
import type { Caller } from '../lab/lab-service.ts';
import { planOf } from '../lab/plan.ts';
import { randomIds } from '../lab/random-ids.ts';
import type { BackendName, StepSpec, TemplateVersion } from '../templates/types.ts';
import { inhabitants } from './inhabitants.ts';
import { type LabState, stateOf } from './state.ts';
import { RunTrouble } from './trouble.ts';

/** Whose labs those of a proof are; what one that was killed has left is theirs too. */
export const prover: Caller = { role: 'instructor', subject: 'template test' };
const trainee: Caller = { role: 'trainee', subject: prover.subject };

const everyMs = 40;
/** The first lab of a template may wait until its data is generated. */
const readyMs = 600_000;
const gradedMs = 900_000;
const stepsMs = 900_000;
/** A namespace takes its time to go, and longer on a busy cluster. */
const endMs = 180_000;

export type ProofLab = Awaited<ReturnType<typeof openProofLab>>;

/** A lab that is ready. Throws RunTrouble `lab-fails` when it does not get so; rejects on abort, with the lab ending. */
export async function openProofLab(
  runtime: Runtime,
  version: TemplateVersion,
  { backend, seed }: { readonly backend: BackendName; readonly seed: string },
  signal: AbortSignal,
) {
  const { template } = version;
  const wish = { template: template.id, backend, seed };
  const { lab } = await runtime.labs.createLab(prover, wish, null);
  const { id } = lab;

  async function untilReady(what: string): Promise<void> {
    const deadline = performance.now() + readyMs;
    for (;;) {
      signal.throwIfAborted();
      const { view } = await runtime.labs.getLab(prover, id);
      if (view.status === 'ready') return;
      if (view.status === 'ending' || view.status === 'ended') {
        throw new RunTrouble('lab-fails', `${what}: ${view.message}`);
      }
      if (performance.now() > deadline) {
        throw new RunTrouble('lab-fails', `${what}: after ${readyMs / 1000} s it says: ${view.message}`);
      }
      await delay(everyMs, undefined, { signal });
    }
  }

  async function end(hurry?: AbortSignal): Promise<void> {
    const late = AbortSignal.timeout(endMs);
    const stop = hurry === undefined ? late : AbortSignal.any([late, hurry]);
    await runtime.labs.deleteLab(prover, id);
    while ((await runtime.labs.getLab(prover, id)).view.status !== 'ended') {
      if (late.aborted)
        throw new RunTrouble('lab-fails', `a lab did not end: it was asked to ${endMs / 1000} s ago`);
      stop.throwIfAborted();
      await delay(everyMs);
    }
  }

  try {
    if (lab.templateHash !== version.hash) {
      throw new RunTrouble('lab-fails', 'the folder was changed while it was proved');
    }
    await untilReady('a lab did not become ready');
  } catch (error) {
    await end().catch(() => {});
    throw error;
  }

  return {
    id,
    seed,
    end,
    /** What its processes hold now, in MB. */
    async memoryMb(): Promise<number> {
      const { sandbox } = await runtime.store.getLab(id);
      const own = inhabitants().filter(({ sandboxId }) => sandboxId === sandbox?.id);
      return own.reduce((sum, { memoryMb }) => sum + memoryMb, 0);
    },
    async state(): Promise<LabState> {
      const { lab: now, sandbox } = await runtime.store.getLab(id);
      const driver = runtime.drivers.get(backend);
      if (now === null || sandbox === null || driver === undefined) {
        throw new RunTrouble('lab-fails', 'a lab has gone while it was used');
      }
      return stateOf(bindSandbox(driver, planOf(sandbox, version, now.params)), template, signal);
    },
    async reset(): Promise<void> {
      await runtime.labs.resetLab(prover, id, {});
      await untilReady('a lab did not become ready after a reset');
    },
    /** The attempt as it was recorded. Throws RunTrouble `grading-errs` when it is void. */
    async grade(): Promise<Attempt> {
      // As the service does, but for the pause between two attempts, which is for trainees.
      const asked = await runtime.store
        .requestAttempt(id, {
          id: randomIds.attempt(),
          final: false,
          maxPoints: template.checks.reduce((sum, check) => sum + check.points, 0),
          everySeconds: 0,
          alone: template.trials.some(({ fork }) => fork === null),
        })
        .catch((error) => {
          throw error instanceof LabError ? new RunTrouble('lab-fails', error.message) : error;
        });
      await runtime.queue.wake(`attempt:${asked.id}`).catch(() => {});
      const deadline = performance.now() + gradedMs;
      for (;;) {
        const now = await runtime.store.getAttempt(id, asked.number);
        if (now?.state === 'finished') return now;
        if (now?.state === 'void')
          throw new RunTrouble('grading-errs', `an attempt is void: ${now.voidReason}`);
        if (performance.now() > deadline) {
          throw new RunTrouble('grading-errs', `an attempt is not graded after ${gradedMs / 1000} s`);
        }
        await delay(everyMs, undefined, { signal });
      }
    },
    /** @param goOn a step that fails does not stop the others, and what may never come is not waited for long. */
    async solve(steps: readonly StepSpec[], goOn: boolean): Promise<readonly StepResult[]> {
      const late = AbortSignal.timeout(stepsMs);
      try {
        const soon = AbortSignal.any([signal, late]);
        return (await solveLab(runtime, trainee, id, { steps, goOn }, soon)).steps;
      } catch (error) {
        if (error instanceof LabError) throw new RunTrouble('lab-fails', error.message);
        if (signal.aborted || !late.aborted) throw error;
        throw new RunTrouble('step-failed', `the steps are not done after ${stepsMs / 1000} s`);
      }
    },
  };
}
