/** Runs the steps of a solution, or of a wrong one, as a trainee would. */
import type { Json, StepSpec, TemplateVersion } from '../templates/types.ts';
import { accessScope } from './access-scope.ts';
import { eventsScope } from './fault-times.ts';
import type { Judge } from './judge/thread.ts';
import { noRecords } from './records.ts';
import { runSteps, type StepResult, type StepsOutcome } from './steps.ts';
import type { ActContext, ActionKind, LabRecords, ObserverKind, SandboxHandle } from './types.ts';

export type { StepResult } from './steps.ts';
export type SolutionOutcome = Pick<StepsOutcome, 'ok' | 'steps' | 'saved'>;

export interface SolutionRun {
  readonly version: TemplateVersion;
  readonly steps: readonly StepSpec[];
  readonly params: Readonly<Record<string, Json>>;
  /** What earlier steps saved; absent: nothing. */
  readonly saved?: StepsOutcome['saved'];
  /** A handle of this run's own: a login is kept per handle. */
  readonly sandbox: SandboxHandle;
  readonly actions: ReadonlyMap<string, ActionKind>;
  readonly observers: ReadonlyMap<string, ObserverKind>;
  readonly judge: Pick<Judge, 'evaluate'>;
  /** Records an answer as the trainee. */
  readonly answer: ActContext['answer'];
  /** Presses a button as the trainee; absent: nobody can. */
  readonly press?: ActContext['press'];
  /** Marks as an instructor; absent: nobody can. */
  readonly mark?: ActContext['mark'];
  /** Absent: waits of a drawn length take the shortest. */
  readonly drawn?: ActContext['drawn'];
  /** What is known of the lab now, asked anew at each look; absent: it has no faults and no watches. */
  readonly records?: () => Promise<LabRecords>;
  /** True: a step that fails is recorded and the run goes on, as for a `wrong`. */
  readonly goOn?: boolean;
  /** What may never come is waited for no longer; without it waits take what their spec says. */
  readonly waitLimitMs?: number;
  readonly onStep?: (result: StepResult) => void;
}

/** Steps after a failed one are not run unless `goOn`. Rejects only on abort. */
export async function runSolution(run: SolutionRun, signal: AbortSignal): Promise<SolutionOutcome> {
  const { version, sandbox, actions, observers, judge, answer, steps, params } = run;
  const access = accessScope(version, sandbox);
  const world = {
    version,
    sandbox,
    actions,
    observers,
    judge,
    answers: {},
    answer,
    press: run.press ?? null,
    mark: run.mark ?? null,
    drawn: run.drawn ?? ((from: number) => from),
    waitLimitMs: () => run.waitLimitMs ?? Number.POSITIVE_INFINITY,
    deadlineMs: () => Number.POSITIVE_INFINITY,
    around: async () => {
      const records = run.records === undefined ? noRecords : await run.records();
      return { scope: { params, access, events: eventsScope(records.events) }, records };
    },
  };
  const { goOn = false, saved = {}, onStep } = run;
  return runSteps(world, { steps, goOn, saved, ...(onStep === undefined ? {} : { onStep }) }, signal);
}
