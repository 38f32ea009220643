/** Does a template's own steps in a live lab as its trainee: looks and acts through the lab's handle, answers by HTTP. */

import { bindSandbox } from '../../src/grading/sandbox-handle.ts';
import { runSolution, type StepResult } from '../../src/grading/solve.ts';
import { planOf } from '../../src/lab/plan.ts';
import type { StepSpec } from '../../src/templates/types.ts';
import { uniqueName, type World } from './support.ts';

/** @param goOn a step that fails does not stop the others, and no wait is long, as in a wrong way. */
export async function doSteps(
  world: World,
  labId: string,
  steps: readonly StepSpec[],
  goOn: boolean,
): Promise<readonly StepResult[]> {
  const { runtime } = world;
  const everybody = { role: 'instructor', subject: uniqueName('steps') } as const;
  const { lab, sandbox, version } = await runtime.labs.getLabWithTemplate(everybody, labId);
  const driver = runtime.drivers.get(lab.backend);
  if (sandbox === null || driver === undefined) throw new Error(`lab ${labId} has no sandbox`);
  const trainee = await world.trainee(lab.trainee);
  const done = await runSolution(
    {
      version,
      steps,
      params: lab.params ?? {},
      sandbox: bindSandbox(driver, planOf(sandbox, version)),
      actions: runtime.vocabulary.actions,
      observers: runtime.vocabulary.observers,
      judge: runtime.judge,
      answer: async (question, value) => void (await trainee.answer(labId, question, value)),
      ...(goOn ? { goOn, waitLimitMs: 10_000 } : {}),
    },
    AbortSignal.timeout(90_000),
  );
  return done.steps;
}
