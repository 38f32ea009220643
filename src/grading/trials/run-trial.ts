/** One trial, its steps in order. What is not reached is unseen, with the reason why. */
import type { Json, LookSpec, StepSpec, TrialSpec } from '../../templates/types.ts';
import { attribution } from '../judge/attribution.ts';
import { lookAll, lookBeside, type Seen, unseen } from '../look-all.ts';
import { doStep, runSteps, type StepResult, type StepWorld } from '../steps.ts';
import type { Observation, Value } from '../types.ts';
import { type Bench, type BenchOptions, createBench, type Side, type TrialWorld } from './bench.ts';
import { brokenByTheirs, outOfTime, type Trouble, troubleOf, unseenBefore, untried } from './trouble.ts';

interface TrialRun extends TrialWorld {
  readonly trial: TrialSpec;
  /** What this attempt drew for it. */
  readonly attempt: Readonly<Record<string, Json>>;
  readonly drawn: StepWorld['drawn'];
  readonly fork: Side;
  /** The untouched start; null where nothing is compared. */
  readonly start: Side | null;
  /** By `performance.now()`. */
  readonly deadline: number;
}

/** All that the trial names, seen or not. Rejects only on abort. A live trial is undone by `undoTrial`. */
export async function runTrial(run: TrialRun, signal: AbortSignal): Promise<Seen> {
  let since = new Date();
  const options: BenchOptions = {
    trial: run.trial,
    attempt: run.attempt,
    drawn: run.drawn,
    left: () => run.deadline - performance.now(),
    since: () => since,
  };
  const fork = createBench(run.fork, run, options);
  const start = run.start === null ? null : createBench(run.start, run, options);
  const seen: Record<string, Observation> = {};
  for (const step of run.trial.steps) {
    signal.throwIfAborted();
    if (options.left() <= 0) return { ...notReached(run.trial, outOfTime), ...seen };
    if (step.do === 'act') {
      const trouble = await actOn(step.step, fork, start, seen, signal);
      if (trouble !== null) return { ...notReached(run.trial, trouble), ...seen };
      continue;
    }
    Object.assign(seen, await observe(step.observe, fork, start, seen, signal));
    since = new Date();
  }
  return seen;
}

/** Every name that the trial gives, not seen for this reason. */
export function notReached({ steps }: TrialSpec, { problem, reason, internal }: Trouble): Seen {
  const names = steps.flatMap((step) => (step.do === 'observe' ? Object.keys(step.observe) : []));
  return Object.fromEntries(names.map((name) => [name, unseen(problem, reason, internal)]));
}

const undoMs = 30_000;

/** Undoes what a live trial did, or what an earlier run of it may have left: every step is tried. Rejects only on abort. */
export async function undoTrial(
  run: Omit<TrialRun, 'fork' | 'start' | 'deadline'> & { readonly live: Side },
  signal: AbortSignal,
): Promise<readonly StepResult[]> {
  const end = performance.now() + undoMs;
  const now = new Date();
  const bench = createBench(run.live, run, {
    trial: run.trial,
    attempt: run.attempt,
    drawn: run.drawn,
    left: () => end - performance.now(),
    since: () => now,
  });
  const { steps } = await runSteps(bench.world, { steps: run.trial.undo, goOn: true }, signal);
  return steps.filter(({ outcome }) => outcome !== 'done');
}

/** The step on both; what keeps the trial from going on, or null. */
async function actOn(
  step: StepSpec,
  fork: Bench,
  start: Bench | null,
  seen: Seen,
  signal: AbortSignal,
): Promise<Trouble | null> {
  const on = async (bench: Bench) => {
    const end = await doStep(step, bench.world, { ...bench.saved }, signal);
    Object.assign(bench.saved, end.kept);
    return end;
  };
  const [end, startEnd] = await Promise.all([on(fork), start === null ? null : on(start)]);
  if (end.outcome !== 'done') return troubleOf(step, end, fork, seen, signal);
  if (startEnd === null || startEnd.outcome === 'done') return null;
  return untried(`step ${step.id} (${step.kind}) at the untouched start: ${startEnd.reason}`);
}

async function observe(
  looks: Readonly<Record<string, LookSpec>>,
  fork: Bench,
  start: Bench | null,
  before: Seen,
  signal: AbortSignal,
): Promise<Seen> {
  const seen: Record<string, Observation> = {};
  const open: Record<string, LookSpec> = {};
  for (const [name, look] of Object.entries(looks)) {
    const trouble = unseenBefore(look.spec, before);
    if (trouble === null) open[name] = look;
    else seen[name] = unseen(trouble.problem, trouble.reason, trouble.internal);
  }
  if (start === null) {
    for (const [name, one] of Object.entries(await lookAll(open, fork.looking, signal))) {
      const look = open[name];
      seen[name] = look === undefined ? one : brokenByTheirs(look.spec, one);
    }
  } else {
    // One comparison after the other: two at once would slow each other.
    for (const [name, look] of Object.entries(open)) {
      const [here, there] = await lookBeside(look, [fork.looking, start.looking], signal);
      seen[name] = compared(brokenByTheirs(look.spec, here), there);
      if (there.outcome === 'seen') start.observed[name] = there.value;
    }
  }
  for (const [name, one] of Object.entries(seen)) {
    if (one.outcome === 'seen') fork.observed[name] = one.value;
  }
  return seen;
}

/** What the fork showed, with what the start showed as its `start`. The start is ours: it must be seen. */
function compared(here: Observation, there: Observation): Observation {
  if (here.outcome === 'unseen') return here;
  if (there.outcome === 'unseen') {
    const { reason, internal } = untried(`at the untouched start: ${there.problem}: ${there.internal}`);
    return unseen('untried', reason, internal);
  }
  const fields = here.value;
  if (!isRecord(fields)) return here;
  return { ...here, value: { ...fields, start: there.value } };
}

function isRecord(value: Value): value is { readonly [key: string]: Value } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !(value instanceof Date) && !(value instanceof Uint8Array);
}

/** Whether a trial showed less than it should through our own fault: it may be run once more. */
export function wasUntried(seen: Seen): boolean {
  return Object.values(seen).some(
    (one) =>
      one.outcome === 'unseen' && one.problem !== 'bug' && attribution[one.problem].verdict === 'error',
  );
}
