/** The one interpreter of steps: solutions, trials, faults and skips run through it, one step after the other. */
import type { Json, StepSpec, TemplateVersion } from '../templates/types.ts';
import type { Judge } from './judge/thread.ts';
import { lookAll } from './look-all.ts';
import { templateFacts } from './template-facts.ts';
import type {
  ActContext,
  ActionKind,
  LabRecords,
  LookContext,
  ObserverKind,
  SandboxHandle,
  Scope,
  Value,
} from './types.ts';
import { createFiller, references } from './values/fill.ts';
import { parsePath, resolvePath } from './values/path.ts';

export interface StepResult {
  readonly id: string;
  readonly kind: string;
  /** `skipped`: it needs a value that no earlier step saved. */
  readonly outcome: 'done' | 'failed' | 'skipped';
  /** Why it failed or was skipped; null when it was done. */
  readonly reason: string | null;
  readonly durationMs: number;
}

/** What steps stand in. */
export interface StepWorld {
  readonly version: TemplateVersion;
  /** A handle of this run's own: a login is kept per handle. */
  readonly sandbox: SandboxHandle;
  readonly actions: ReadonlyMap<string, ActionKind>;
  readonly observers: ReadonlyMap<string, ObserverKind>;
  readonly judge: Pick<Judge, 'evaluate'>;
  readonly answers: LookContext['answers'];
  readonly answer: ActContext['answer'];
  readonly press: ActContext['press'];
  readonly mark: ActContext['mark'];
  readonly drawn: ActContext['drawn'];
  /** The steps are the grader's own: their requests say so. */
  readonly asGrader?: boolean;
  /** What may never come is waited for no longer; `deadlineMs`: no step takes longer. Milliseconds. */
  readonly waitLimitMs: () => number;
  readonly deadlineMs: () => number;
  /** Asked before each step and each look of a wait: what happens meanwhile is seen. */
  readonly around: () => Promise<Surroundings>;
}

export interface Surroundings {
  /** All roots but `saved`. */
  readonly scope: Scope;
  readonly records: LabRecords;
}

type Saved = Readonly<Record<string, Value>>;

interface StepsRun {
  readonly steps: readonly StepSpec[];
  /** Number of the first that is run; those before it were begun by an earlier run. */
  readonly from?: number;
  /** What those before it saved. */
  readonly saved?: Saved;
  /** True: a step that fails is recorded and the run goes on, as for a `wrong`. */
  readonly goOn?: boolean;
  /** Asked before each step with its number; false: the run ends there. */
  readonly beforeStep?: (nth: number, saved: Saved) => Promise<boolean>;
  readonly onStep?: (result: StepResult) => void;
}

export interface StepsOutcome {
  /** All steps from the first were done. */
  readonly ok: boolean;
  readonly steps: readonly StepResult[];
  readonly saved: Saved;
  /** `beforeStep` said no. */
  readonly refused: boolean;
}

/** Steps after a failed one are not run unless `goOn`. Rejects on abort, and with what `beforeStep` and `around` do. */
export async function runSteps(world: StepWorld, run: StepsRun, signal: AbortSignal): Promise<StepsOutcome> {
  const { steps, from = 0, goOn = false } = run;
  const saved: Record<string, Value> = { ...run.saved };
  const results: StepResult[] = [];
  const outcome = (ok: boolean, refused: boolean): StepsOutcome => ({ ok, steps: results, saved, refused });
  for (let nth = from; nth < steps.length; nth += 1) {
    const step = steps[nth];
    if (step === undefined) break;
    signal.throwIfAborted();
    if (run.beforeStep !== undefined && !(await run.beforeStep(nth, { ...saved })))
      return outcome(false, true);
    const { kept, ...result } = await doStep(step, world, { ...saved }, signal);
    Object.assign(saved, kept);
    results.push(result);
    run.onStep?.(result);
    if (result.outcome !== 'done' && !goOn) return outcome(false, false);
  }
  return outcome(
    results.every((one) => one.outcome === 'done'),
    false,
  );
}

export interface StepEnd extends StepResult {
  /** What it saves. */
  readonly kept: Saved;
}

/** One step. Rejects only on abort, and with what `around` does. */
export async function doStep(
  step: StepSpec,
  world: StepWorld,
  saved: Saved,
  signal: AbortSignal,
): Promise<StepEnd> {
  const start = performance.now();
  const end = (outcome: StepEnd['outcome'], reason: string | null, kept: Saved = {}): StepEnd => ({
    id: step.id,
    kind: step.kind,
    outcome,
    reason,
    durationMs: Math.round(performance.now() - start),
    kept,
  });
  const action = world.actions.get(step.kind);
  if (action === undefined) return end('failed', `There is no action ${step.kind}.`);
  const unset = firstUnset(step, saved);
  if (unset !== null) return end('skipped', `{{${unset}}} has no value: no step before saved it.`);
  const done = await action.run(step.spec, await contextOf(world, saved), signal);
  if (!done.ok) return end('failed', done.reason);
  const kept: Record<string, Value> = {};
  for (const [name, path] of Object.entries(step.save)) {
    const found = resolvePath(done.value, parsePath(path) ?? []);
    if (found === undefined) return end('failed', `The result has no ${path}.`, kept);
    kept[name] = found;
  }
  return end('done', null, kept);
}

/** The first `{{saved.…}}` of the step without a value. */
function firstUnset(step: StepSpec, saved: Saved): string | null {
  for (const { path, root, segments } of references(step.spec as Json)) {
    if (root !== 'saved' || segments === null) continue;
    if (resolvePath(saved, segments.slice(1)) === undefined) return path;
  }
  return null;
}

async function contextOf(world: StepWorld, saved: Saved): Promise<ActContext> {
  const facts = templateFacts(world.version);
  const looking = ({ scope, records }: Surroundings): LookContext => ({
    sandbox: world.sandbox,
    fill: createFiller({ ...scope, saved }, { missing: 'throw' }),
    answers: world.answers,
    records,
    deadlineMs: world.deadlineMs(),
    ...facts,
  });
  return {
    ...looking(await world.around()),
    answer: world.answer,
    press: world.press,
    mark: world.mark,
    drawn: world.drawn,
    asGrader: world.asGrader === true,
    waitLimitMs: world.waitLimitMs(),
    async holds(expression, observe, signal) {
      const now = await world.around();
      const { version, observers } = world;
      const context = () => looking(now);
      const seen = await lookAll(observe, { version, observers, limiter: (work) => work(), context }, signal);
      const observations: Record<string, Value> = {};
      for (const [name, observation] of Object.entries(seen)) {
        if (observation.outcome === 'seen') observations[name] = observation.value;
      }
      const scope = { ...now.scope, saved, ...observations };
      const [outcome] = await world.judge.evaluate({ sources: [expression], scope }, signal);
      return outcome?.kind === 'value' && outcome.value;
    },
  };
}
