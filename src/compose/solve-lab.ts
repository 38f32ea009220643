/** Does a template's own steps in a live lab as its trainee would, its marks as an instructor would. */
import { faultTimes } from '../grading/fault-times.ts';
import { noRecords } from '../grading/records.ts';
import { bindSandbox } from '../grading/sandbox-handle.ts';
import { runSolution, type SolutionOutcome, type StepResult } from '../grading/solve.ts';
import { requireSandbox } from '../lab/guards.ts';
import type { Caller } from '../lab/lab-service.ts';
import { planOf } from '../lab/plan.ts';
import type { SandboxDriver } from '../lab/ports.ts';
import type { BackendName, StepSpec, TemplateVersion } from '../templates/types.ts';
import type { Core } from './core.ts';
import { pressGraded } from './press-graded.ts';

export interface SolvingParts
  extends Pick<Core, 'labs' | 'attempts' | 'operations' | 'people' | 'store' | 'judge' | 'vocabulary'> {
  readonly drivers: ReadonlyMap<BackendName, SandboxDriver>;
}

export interface Solving {
  readonly steps: readonly StepSpec[];
  /** True: a step that fails does not stop the others, and what may never come is not waited for long. */
  readonly goOn: boolean;
  readonly onStep?: (step: StepResult) => void;
  /** What earlier steps saved. */
  readonly saved?: SolutionOutcome['saved'];
  /** In place of the version that the lab was made from, for a template that is being written. */
  readonly version?: TemplateVersion;
}

/** What a wrong way waits for may never come; where it does, a cluster takes its time. Milliseconds. */
const wrongWaitMs = { process: 10_000, docker: 10_000, kubernetes: 60_000 } satisfies Record<
  BackendName,
  number
>;

/** Throws `lab_not_ready`, `lab_ended`; a step that fails is an outcome. Rejects on abort. */
export async function solveLab(
  parts: SolvingParts,
  trainee: Caller,
  labId: string,
  { steps, goOn, onStep, saved, ...solving }: Solving,
  signal: AbortSignal,
): Promise<SolutionOutcome> {
  const { lab, sandbox: row, version: made } = await parts.labs.getLabWithTemplate(trainee, labId);
  const { version = made } = solving;
  const sandbox = requireSandbox(lab, row);
  const driver = parts.drivers.get(lab.backend);
  if (driver === undefined) throw new Error(`lab ${labId} is on ${lab.backend}, which is not enabled here`);
  const instructor: Caller = { role: 'instructor', subject: 'the model solution' };
  return runSolution(
    {
      version,
      steps,
      params: lab.params ?? {},
      sandbox: bindSandbox(driver, planOf(sandbox, version, lab.params)),
      actions: parts.vocabulary.actions,
      observers: parts.vocabulary.observers,
      judge: parts.judge,
      answer: async (question, value) => {
        await parts.attempts.putAnswer(trainee, labId, question, value);
      },
      press: (button) => pressGraded(parts, trainee, labId, button, signal),
      mark: async (check, marks) => {
        await parts.people.mark(instructor, labId, check, { marks, comment: null });
      },
      records: async () => {
        const events = faultTimes(version.template, await parts.store.listOperations(labId));
        return { ...noRecords, events };
      },
      ...(onStep === undefined ? {} : { onStep }),
      ...(saved === undefined ? {} : { saved }),
      ...(goOn ? { goOn, waitLimitMs: wrongWaitMs[lab.backend] } : {}),
    },
    signal,
  );
}
