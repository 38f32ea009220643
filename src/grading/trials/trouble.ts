/**
 * Whose fault it is that a trial could not go on. A step that fails while our own probe works was refused by what the
 * trainee has made; where the probe fails too, nobody knows what their work is worth.
 */
import { LabError } from '../../lab/errors.ts';
import type { Json, LookSpec, StepSpec } from '../../templates/types.ts';
import { attribution } from '../judge/attribution.ts';
import { isTheirs } from '../look-all.ts';
import type { StepEnd } from '../steps.ts';
import type { LookProblem, Observation } from '../types.ts';
import { references } from '../values/fill.ts';
import { resolvePath } from '../values/path.ts';
import type { Bench } from './bench.ts';

/** Why what comes after it in a trial is not seen. */
export interface Trouble {
  readonly problem: LookProblem;
  /** For the trainee. */
  readonly reason: string;
  readonly internal: string;
}

const probeMs = 5_000;

export const untried = (internal: string): Trouble => ({
  problem: 'untried',
  reason: 'This could not be tried out, which is not your doing.',
  internal,
});

export const outOfTime: Trouble = {
  problem: 'slow',
  reason: 'Trying this out took longer than it may.',
  internal: 'the deadline of the trial',
};

/** What the trainee has put into their files keeps them from being copied; null: it is something else. */
export function uncopied(thrown: unknown): Trouble | null {
  if (!(thrown instanceof LabError) || thrown.code !== 'payload_too_large') return null;
  return { problem: 'oversized', reason: thrown.message, internal: thrown.message };
}

/** Of a step of the fork that was not done. Rejects only on abort. */
export async function troubleOf(
  step: StepSpec,
  { outcome, reason }: StepEnd,
  bench: Bench,
  seen: Readonly<Record<string, Observation>>,
  signal: AbortSignal,
): Promise<Trouble> {
  const internal = `step ${step.id} (${step.kind}): ${reason}`;
  const action = bench.world.actions.get(step.kind);
  if (action === undefined || outcome === 'skipped') return untried(internal);
  const before = unseenBefore(step.spec, seen);
  if (before !== null) return before;
  for (const { name } of action.components(step.spec)) {
    const ours = !isTheirs(bench.world.version.template.components[name]);
    const why = ours ? await probe(name, bench, signal) : await bench.whyDown(name, signal);
    if (why !== null && ours) return untried(`${internal}; the probe of ${name}: ${why}`);
    if (why !== null) return { problem: 'rejected', reason: why, internal };
  }
  return { problem: 'rejected', reason: `When your work was tried out, a step failed: ${reason}`, internal };
}

/**
 * A spec that names what an earlier look did not see fails for that look's reason. So does one that names a part that
 * what was seen has not: such as the id in an answer that was a refusal.
 */
export function unseenBefore(
  spec: LookSpec['spec'],
  seen: Readonly<Record<string, Observation>>,
): Trouble | null {
  for (const { path, root, segments } of references(spec as Json)) {
    const name = root === 'observed' ? String(segments?.[1] ?? '') : '';
    const observation = Object.hasOwn(seen, name) ? seen[name] : undefined;
    if (observation === undefined) continue;
    if (observation.outcome === 'seen') {
      if (resolvePath(observation.value, segments?.slice(2) ?? []) !== undefined) continue;
      const reason = 'This could not be tried out: your work did not answer as it should a step before.';
      return { problem: 'rejected', reason, internal: `{{${path}}} has no value` };
    }
    const { problem, reason, internal } = observation;
    return { problem, reason, internal: `${name} was not seen: ${internal}` };
  }
  return null;
}

/**
 * What was seen or saved before is the trainee's data. A look that it is filled into and that breaks, such as a path
 * with `..` in it or a word with U+0000, was broken by them.
 */
export function brokenByTheirs(spec: LookSpec['spec'], seen: Observation): Observation {
  if (seen.outcome === 'seen' || seen.problem !== 'bug') return seen;
  const theirs = references(spec as Json).some(({ root }) => root === 'observed' || root === 'saved');
  if (!theirs) return seen;
  const reason = 'This could not be tried out: what your work gave a step before cannot be used.';
  return { ...seen, problem: 'rejected', reason };
}

/** Why we cannot reach a component of ours; null when we can. Rejects only on abort. */
async function probe(name: string, bench: Bench, signal: AbortSignal): Promise<string | null> {
  const { sandbox } = bench.world;
  const soon = AbortSignal.any([signal, AbortSignal.timeout(probeMs)]);
  try {
    const { kind } = sandbox.access(name);
    if (kind === 'shell') return null;
    if (kind === 'postgres') return await select(name, bench, signal);
    if (kind === 'namespace') {
      const query = { apiVersion: 'v1', kind: 'Service', name: 'labwright-probe', limit: 1 };
      await sandbox.namespaces?.list(name, query, soon);
      return null;
    }
    const port = kind === 'stub' || kind === 'traffic' ? 'control' : 'main';
    (await sandbox.dial(name, soon, port)).on('error', () => {}).destroy();
    return null;
  } catch (thrown) {
    signal.throwIfAborted();
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

/** Whether a query gets through: its own observer knows what of that the trainee can cause. */
async function select(component: string, { looking }: Bench, signal: AbortSignal): Promise<string | null> {
  const sql = looking.observers.get('sql');
  if (sql === undefined) return null;
  const spec = sql.spec.parse({ component, query: 'select 1 as one' });
  const seen = await sql.observe(spec, { ...looking.context(), deadlineMs: probeMs }, signal);
  if (seen.outcome === 'seen' || attribution[seen.problem].verdict === 'fail') return null;
  return seen.internal;
}
