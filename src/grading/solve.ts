/** Runs the steps of a solution, or of a wrong one, as a trainee would: one after the other, each with its outcome. */
import type { Json, StepSpec, TemplateVersion } from '../templates/types.ts';
import { accessScope } from './access-scope.ts';
import type { Judge } from './judge/thread.ts';
import { lookAll } from './look-all.ts';
import { noRecords } from './records.ts';
import { templateFacts } from './template-facts.ts';
import type {
  ActContext,
  ActionKind,
  LabRecords,
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

export interface SolutionRun {
  readonly version: TemplateVersion;
  readonly steps: readonly StepSpec[];
  readonly params: Readonly<Record<string, Json>>;
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
  readonly records?: LabRecords;
  /** True: a step that fails is recorded and the run goes on, as for a `wrong`. */
  readonly goOn?: boolean;
  /** No wait is longer; without it waits take what their spec says. */
  readonly waitLimitMs?: number;
  readonly onStep?: (result: StepResult) => void;
}

export interface SolutionOutcome {
  /** All steps were done. */
  readonly ok: boolean;
  readonly steps: readonly StepResult[];
  readonly saved: Readonly<Record<string, Value>>;
}

/** Steps after a failed one are not run unless `goOn`. Rejects only on abort. */
export async function runSolution(run: SolutionRun, signal: AbortSignal): Promise<SolutionOutcome> {
  const saved: Record<string, Value> = {};
  const results: StepResult[] = [];
  const access = accessScope(run.version, run.sandbox);
  for (const step of run.steps) {
    const scope: Scope = { params: run.params, saved: { ...saved }, access };
    const start = performance.now();
    const { outcome, reason, kept } = await runStep(step, run, scope, signal);
    Object.assign(saved, kept);
    const durationMs = Math.round(performance.now() - start);
    const result = { id: step.id, kind: step.kind, outcome, reason, durationMs };
    results.push(result);
    run.onStep?.(result);
    if (outcome !== 'done' && run.goOn !== true) break;
  }
  const ok = results.length === run.steps.length && results.every((one) => one.outcome === 'done');
  return { ok, steps: results, saved };
}

interface StepEnd extends Pick<StepResult, 'outcome' | 'reason'> {
  readonly kept: Readonly<Record<string, Value>>;
}

async function runStep(
  step: StepSpec,
  run: SolutionRun,
  scope: Scope,
  signal: AbortSignal,
): Promise<StepEnd> {
  const end = (outcome: StepEnd['outcome'], reason: string | null, kept = {}): StepEnd => ({
    outcome,
    reason,
    kept,
  });
  const action = run.actions.get(step.kind);
  if (action === undefined) return end('failed', `There is no action ${step.kind}.`);
  const unset = firstUnset(step, scope.saved ?? null);
  if (unset !== null) return end('skipped', `{{${unset}}} has no value: no step before saved it.`);
  const done = await action.run(step.spec, contextOf(run, scope), signal);
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
function firstUnset(step: StepSpec, saved: Value): string | null {
  for (const { path, root, segments } of references(step.spec as Json)) {
    if (root !== 'saved' || segments === null) continue;
    if (resolvePath(saved, segments.slice(1)) === undefined) return path;
  }
  return null;
}

function contextOf(run: SolutionRun, scope: Scope): ActContext {
  const looking = {
    sandbox: run.sandbox,
    fill: createFiller(scope, { missing: 'throw' }),
    answers: {},
    records: run.records ?? noRecords,
    deadlineMs: Number.POSITIVE_INFINITY,
    ...templateFacts(run.version),
  };
  return {
    ...looking,
    answer: run.answer,
    press: run.press ?? null,
    mark: run.mark ?? null,
    drawn: run.drawn ?? ((from) => from),
    waitLimitMs: run.waitLimitMs ?? Number.POSITIVE_INFINITY,
    async holds(expression, observe, signal) {
      const { version, observers } = run;
      const context = () => looking;
      const seen = await lookAll(observe, { version, observers, limiter: (work) => work(), context }, signal);
      const observations: Record<string, Value> = {};
      for (const [name, observation] of Object.entries(seen)) {
        if (observation.outcome === 'seen') observations[name] = observation.value;
      }
      const batch = { sources: [expression], scope: { ...scope, ...observations } };
      const [outcome] = await run.judge.evaluate(batch, signal);
      return outcome?.kind === 'value' && outcome.value;
    },
  };
}
