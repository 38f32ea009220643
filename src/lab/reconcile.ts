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
 * Returns when nothing is to be done before the next due time, which is recorded.
 * Throws only what the store throws; everything a backend does becomes part of the record.
 */
export async function reconcile(
  key: LabOrSandboxKey,
  deps: ReconcileDeps,
  signal: AbortSignal,
): Promise<void> {
  let noSpare = false;
  for (let round = 0; round < maxRounds && !signal.aborted; round++) {
    const snapshot = await read(key, deps.labs);
    const subject = await subjectOf(snapshot, deps);
    if (subject === null) return;
    const outcome = await advance(subject, noSpare, deps, signal);
    if (outcome.do === 'rest') {
      const row = subject.lab ?? subject.sandbox;
      if (outcome.until !== null && row !== null) {
        const seconds = secondsUntil(outcome.until, snapshot.now);
        await deps.labs.restUntilDue(subject.key, row.version, seconds);
      }
      return;
    }
    if (outcome.do === 'no-spare') noSpare = true;
  }
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

/** One round: decide, look where the decision asks for it, act. */
async function advance(
  subject: Subject,
  noSpare: boolean,
  deps: ReconcileDeps,
  signal: AbortSignal,
): Promise<Outcome> {
  const { lab, sandbox, now, version } = subject;
  const blueprint = blueprintOf(version);
  const decide = (seen: SandboxObservation | null) =>
    nextStep({ lab, sandbox, seen, now, noSpare }, blueprint, deps.policy);
  let steps = decide(null);
  if (steps[0]?.do === 'look') {
    if (sandbox === null) return again;
    try {
      steps = decide(await subject.driver.observe(planOf(sandbox, version), signal));
    } catch (thrown) {
      if (signal.aborted) return again;
      await recordFailure(subject, [asLabError(thrown)], deps);
      return { do: 'rest', until: new Date(now.getTime() + 1000 * retryAfter(sandbox, deps.policy)) };
    }
  }
  const efforts = steps.filter((step) => step.do === 'ensure');
  if (efforts.length > 0 && sandbox !== null) {
    await ensureComponents(
      subject,
      sandbox,
      efforts.map((step) => step.component),
      deps,
      signal,
    );
    return again;
  }
  const [step] = steps;
  return step === undefined ? again : act(step, subject, deps, signal);
}

function secondsUntil(until: Date, now: Date): number {
  return Math.max(0, (until.getTime() - now.getTime()) / 1000);
}
