/** Does a template's own steps in a live lab as its trainee. */
import { solveLab } from '../../src/compose/solve-lab.ts';
import type { StepResult } from '../../src/grading/solve.ts';
import type { StepSpec } from '../../src/templates/types.ts';
import { uniqueName, type World } from './support.ts';

/** @param goOn a step that fails does not stop the others, and no wait is long, as in a wrong way. */
export async function doSteps(
  { runtime }: World,
  labId: string,
  steps: readonly StepSpec[],
  goOn: boolean,
): Promise<readonly StepResult[]> {
  const everybody = { role: 'instructor', subject: uniqueName('steps') } as const;
  const { lab } = await runtime.labs.getLabWithTemplate(everybody, labId);
  const trainee = { role: 'trainee', subject: lab.trainee } as const;
  const done = await solveLab(runtime, trainee, labId, { steps, goOn }, AbortSignal.timeout(180_000));
  return done.steps;
}
