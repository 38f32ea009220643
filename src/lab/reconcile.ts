/**
 * Brings one lab, or one sandbox that has no lab, a step nearer to what it should be, until there is nothing to do
 * now. Reads, decides purely (`next-step.ts`), acts, records by compare-and-set, and looks again. Any effect may be
 * repeated and any line may be the last one before a crash.
 */
import { act, again, type Outcome } from './act.ts';
import { ensureComponents } from './ensure-components.ts';
import { asLabError } from './errors.ts';
import type { SandboxObservation } from './lab.ts';
import { nextStep } from './next-step.ts';
import { blueprintOf, planOf } from './plan.ts';
import type { LabOrSandboxKey, LabStore, Snapshot } from './ports.ts';
import { type ReconcileDeps, recordFailure, retryAfter, type Subject } from './subject.ts';

/** Far more rounds than any lab needs; a hot loop would be a bug, and the sweep goes on where this stops. */
const maxRounds = 60;

/**
 * How it ended: nothing is to be done before the next due time; something failed and is tried again then; the rows are
 * gone, or another worker's to look at; it was stopped; it did not settle.
 */
export type Reconciled = 'settled' | 'failing' | 'gone' | 'stopped' | 'unsettled';

/**
 * Returns when nothing is to be done before the next due time, which is recorded.
 * Throws only what the store throws; everything a backend does becomes part of the record.
 */
export async function reconcile(
  key: LabOrSandboxKey,
  deps: ReconcileDeps,
  signal: AbortSignal,
): Promise<Reconciled> {
  let noSpare = false;
  let after: Snapshot | null = null;
  let seen: SandboxObservation | null = null;
  for (let round = 0; round < maxRounds && !signal.aborted; round++) {
    const snapshot: Snapshot = after ?? (await read(key, deps.labs));
    const subject = await subjectOf(snapshot, deps);
    if (subject === null) return 'gone';
    const turn = await advance(subject, noSpare, seen, deps, signal);
    const { outcome } = turn;
    if (outcome.do === 'rest') {
      const row = subject.lab ?? subject.sandbox;
      if (outcome.until !== null && row !== null) {
        const seconds = secondsUntil(outcome.until, snapshot.now);
        await deps.labs.restUntilDue(subject.key, row.version, seconds);
      }
      return outcome.failed === true || (snapshot.sandbox?.failures ?? 0) > 0 ? 'failing' : 'settled';
    }
    if (outcome.do === 'no-spare') noSpare = true;
    after = outcome.do === 'again' && isAbout(key, outcome.after) ? outcome.after : null;
    // Only rows were changed since it was looked at: another look would say the same.
    seen = after !== null && after.sandbox?.id === snapshot.sandbox?.id ? turn.seen : null;
  }
  return signal.aborted ? 'stopped' : 'unsettled';
}

/** A sandbox that its lab has left comes back without the lab: that says nothing about the lab. */
function isAbout(key: LabOrSandboxKey, after: Snapshot | null): boolean {
  return after !== null && (after.lab !== null) === key.startsWith('lab:');
}

async function read(key: LabOrSandboxKey, labs: LabStore): Promise<Snapshot> {
  const id = key.slice(key.indexOf(':') + 1);
  return key.startsWith('lab:') ? labs.getLab(id) : labs.getSandbox(id);
}

async function subjectOf(snapshot: Snapshot, deps: ReconcileDeps): Promise<Subject | null> {
  const { lab, sandbox, now } = snapshot;
  const row = lab ?? sandbox;
  if (row === null) return null;
  const version = await deps.templateStore.load(row.templateHash);
  const driver = deps.drivers.get(row.backend);
  if (version === null || driver === undefined) {
    deps.log.warn(
      { id: row.id, backend: row.backend },
      'this worker has not what the lab needs; another may',
    );
    return null;
  }
  const key: LabOrSandboxKey = lab === null ? `sandbox:${row.id}` : `lab:${row.id}`;
  return { key, lab, sandbox, now, version, driver };
}

interface Turn {
  readonly outcome: Outcome;
  /** What the decision was made on. */
  readonly seen: SandboxObservation | null;
}

/** One round: decide, look where the decision asks for it, act. */
async function advance(
  subject: Subject,
  noSpare: boolean,
  before: SandboxObservation | null,
  deps: ReconcileDeps,
  signal: AbortSignal,
): Promise<Turn> {
  const { lab, sandbox, now, version } = subject;
  const blueprint = blueprintOf(version);
  const decide = (seen: SandboxObservation | null) =>
    nextStep({ lab, sandbox, seen, now, noSpare }, blueprint, deps.policy);
  let seen = before;
  let steps = decide(seen);
  if (steps[0]?.do === 'look') {
    if (sandbox === null) return { outcome: again, seen };
    try {
      seen = await subject.driver.observe(planOf(sandbox, version, lab?.params ?? null), signal);
      steps = decide(seen);
    } catch (thrown) {
      if (signal.aborted) return { outcome: again, seen };
      await recordFailure(subject, [asLabError(thrown)], deps);
      const until = new Date(now.getTime() + 1000 * retryAfter(sandbox, deps.policy));
      return { outcome: { do: 'rest', until, failed: true }, seen };
    }
  }
  for (const one of steps) {
    const component = 'component' in one ? { component: one.component } : {};
    deps.telemetry?.event('step', { step: one.do, ...component });
  }
  const efforts = steps.filter((step) => step.do === 'ensure');
  if (efforts.length > 0 && sandbox !== null) {
    await ensureComponents(subject, sandbox, efforts, deps, signal);
    return { outcome: again, seen };
  }
  const [step] = steps;
  return { outcome: step === undefined ? again : await act(step, subject, deps, signal), seen };
}

function secondsUntil(until: Date, now: Date): number {
  return Math.max(0, (until.getTime() - now.getTime()) / 1000);
}
