/**
 * Brings one lab, or one sandbox that has no lab, a step nearer to what it should be, until there is nothing to do
 * now. Reads, decides purely (`next-step.ts`), acts, records by compare-and-set, and looks again. Any effect may be
 * repeated and any line may be the last one before a crash.
 */
import type { BackendName, Json, ParameterSpec, TemplateVersion } from '../templates/types.ts';
import type { Clock, Ids } from './clock.ts';
import { asLabError, LabError } from './errors.ts';
import type { Lab, LabEvent, Sandbox, SandboxObservation } from './lab.ts';
import type { Log } from './log.ts';
import { nextStep, type Step } from './next-step.ts';
import { blueprintOf, condemned, planOf } from './plan.ts';
import type { Policy } from './policy.ts';
import type {
  LabQueue,
  LabStore,
  SandboxDriver,
  Snapshot,
  Surveyor,
  TemplateStore,
  WakeKey,
} from './ports.ts';

export interface ReconcileDeps {
  readonly labs: LabStore;
  readonly templateStore: TemplateStore;
  readonly drivers: ReadonlyMap<BackendName, SandboxDriver>;
  readonly queue: LabQueue;
  readonly surveyor: Surveyor;
  readonly policy: Policy;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** Draws a lab's parameters; pure. Throws LabError when the template's draws cannot be done. */
  readonly draw: (
    specs: Readonly<Record<string, ParameterSpec>>,
    seed: string,
    survey: Readonly<Record<string, readonly Json[]>>,
  ) => Readonly<Record<string, Json>>;
  /** Told when a spare was used or given up, so that the stock is looked after. */
  readonly onStockChanged: (change: { readonly templateHash: string; readonly failed: boolean }) => void;
}

type LabKey = Exclude<WakeKey, `attempt:${string}`>;

/** Far more rounds than any lab needs; a hot loop would be a bug, and the sweep goes on where this stops. */
const maxRounds = 60;

/**
 * Returns when nothing is to be done before the next due time, which is recorded.
 * Throws only what the store throws; everything a backend does becomes part of the record.
 */
export async function reconcile(key: LabKey, deps: ReconcileDeps, signal: AbortSignal): Promise<void> {
  let noSpare = false;
  for (let round = 0; round < maxRounds && !signal.aborted; round++) {
    const snapshot = await read(key, deps.labs);
    const subject = await subjectOf(snapshot, deps);
    if (subject === null) return;
    const outcome = await advance(subject, noSpare, deps, signal);
    if (outcome.do === 'rest') {
      if (outcome.until !== null)
        await deps.labs.holdDue(subject.key, secondsUntil(outcome.until, snapshot.now));
      return;
    }
    if (outcome.do === 'no-spare') noSpare = true;
  }
}

async function read(key: LabKey, labs: LabStore): Promise<Snapshot> {
  const id = key.slice(key.indexOf(':') + 1);
  return key.startsWith('lab:') ? labs.getLab(id) : labs.getSandbox(id);
}

/** What a round is about: rows, the pinned template, and the driver that serves it. */
interface Subject {
  readonly key: LabKey;
  readonly lab: Lab | null;
  readonly sandbox: Sandbox | null;
  readonly now: Date;
  readonly version: TemplateVersion;
  readonly driver: SandboxDriver;
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
  const key: LabKey = lab === null ? `sandbox:${row.id}` : `lab:${row.id}`;
  return { key, lab, sandbox, now, version, driver };
}

type Outcome =
  | { readonly do: 'again' }
  | { readonly do: 'no-spare' }
  | { readonly do: 'rest'; readonly until: Date | null };

const again: Outcome = { do: 'again' };

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
      await recordFailure(subject, [asLabError(thrown)], deps);
      return { do: 'rest', until: new Date(now.getTime() + 1000 * retryAfter(sandbox, deps.policy)) };
    }
  }
  const efforts = steps.filter((step) => step.do === 'ensure');
  if (efforts.length > 0 && sandbox !== null) {
    await makeSideBySide(
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

async function makeSideBySide(
  subject: Subject,
  sandbox: Sandbox,
  components: readonly string[],
  deps: ReconcileDeps,
  signal: AbortSignal,
): Promise<void> {
  const plan = planOf(sandbox, subject.version);
  const stop = new AbortController();
  const finished = new AbortController();
  const watch = stopWhenFutile(sandbox.id, stop, finished.signal, deps);
  const either = AbortSignal.any([signal, stop.signal]);
  const done = await Promise.allSettled(components.map((name) => subject.driver.ensure(plan, name, either)));
  finished.abort();
  await watch;
  const failed = done
    .filter((result) => result.status === 'rejected')
    .map((result) => asLabError(result.reason));
  if (failed.length > 0 && !signal.aborted) await recordFailure(subject, failed, deps);
}

const futileCheckMs = 2_000;

/** Stops building for a lab that was ended meanwhile, and what takes longer than an effort may. */
async function stopWhenFutile(
  sandboxId: string,
  stop: AbortController,
  finished: AbortSignal,
  deps: ReconcileDeps,
): Promise<void> {
  const { ensureSeconds } = deps.policy;
  for (let waitedMs = 0; !finished.aborted; waitedMs += futileCheckMs) {
    if (waitedMs >= ensureSeconds * 1000) {
      return stop.abort(new LabError('timed_out', `It took longer than ${ensureSeconds} s to start.`));
    }
    try {
      await deps.clock.sleep(futileCheckMs, finished);
      const { sandbox } = await deps.labs.getSandbox(sandboxId);
      if (sandbox?.state === 'dead' || sandbox?.state === 'gone') return stop.abort();
    } catch (thrown) {
      if (!finished.aborted)
        deps.log.debug({ sandboxId, err: thrown }, 'could not check whether the work is wanted');
    }
  }
}

/** A failed effort: counted, backed off, told. What can never succeed counts as all tries at once. */
async function recordFailure(
  subject: Subject,
  errors: readonly LabError[],
  deps: ReconcileDeps,
): Promise<void> {
  const { sandbox, now } = subject;
  const [error] = errors;
  if (sandbox === null || error === undefined) return;
  deps.log.warn({ sandboxId: sandbox.id, labId: sandbox.labId, code: error.code, err: error }, error.message);
  const failures = errors.some((e) => e.permanent) ? deps.policy.provisionTries : sandbox.failures + 1;
  await deps.labs.changeSandbox(
    sandbox.id,
    sandbox.version,
    {
      failures,
      nextTryAt: new Date(now.getTime() + 1000 * retryAfter(sandbox, deps.policy)),
      lastError: error.message,
    },
    [{ type: 'lab.error', data: { code: error.code, message: error.message, failures } }],
  );
}

function retryAfter(sandbox: Sandbox, policy: Policy): number {
  return policy.retrySeconds[Math.min(sandbox.failures, policy.retrySeconds.length - 1)] ?? 30;
}

async function act(step: Step, subject: Subject, deps: ReconcileDeps, signal: AbortSignal): Promise<Outcome> {
  const { lab, sandbox, now } = subject;
  switch (step.do) {
    case 'rest':
      return step;
    case 'claim':
      if (lab !== null) await claim(lab, subject, deps);
      return again;
    case 'swap':
      return lab === null ? again : swap(lab, sandbox, deps);
    case 'record':
      if (sandbox !== null) await record(sandbox, step.components, deps);
      return again;
    case 'survey':
      if (sandbox !== null) await survey(subject, sandbox, deps, signal);
      return again;
    case 'admit':
      if (sandbox !== null) await admit(subject, sandbox, deps);
      return again;
    case 'warn':
      if (lab !== null) {
        const told: LabEvent = { type: 'lab.expires_soon', data: { secondsLeft: step.secondsLeft } };
        await deps.labs.transition(lab.id, lab.version, { warned: step.warned }, [told]);
      }
      return again;
    case 'end':
      if (lab !== null) await end(lab, sandbox, step, deps);
      return again;
    case 'condemn':
      if (sandbox !== null) {
        await deps.labs.changeSandbox(sandbox.id, sandbox.version, condemned(sandbox).change);
        deps.onStockChanged({ templateHash: sandbox.templateHash, failed: true });
      }
      return again;
    case 'destroy':
      if (sandbox !== null) await destroy(subject, sandbox, deps, signal);
      return again;
    case 'finish':
      if (lab !== null) {
        const told: LabEvent = { type: 'lab.terminated', data: { because: lab.endReason } };
        await deps.labs.transition(lab.id, lab.version, { phase: 'terminated', endedAt: now }, [told]);
      }
      return again;
    case 'look':
    case 'ensure':
      throw new LabError('internal', `step ${step.do} is not an act`);
  }
}

async function claim(lab: Lab, subject: Subject, deps: ReconcileDeps): Promise<void> {
  const { id, version, templateId, templateHash, backend } = lab;
  const provisioning = { phase: 'provisioning' } as const;
  const told = (from: string): readonly LabEvent[] => [{ type: 'lab.provisioning', data: { from } }];
  const claimed = await deps.labs.claimSpare(id, version, provisioning, told('spare'));
  if (claimed !== null) return deps.onStockChanged({ templateHash, failed: false });
  const components = Object.keys(subject.version.template.components);
  const sandbox = { id: deps.ids.sandbox(), templateId, templateHash, backend, components };
  await deps.labs.startSandboxForLab(id, version, sandbox, provisioning, told('new'));
}

/** A full reset by pointing the lab at a spare: as fast as a transaction; the old sandbox is cleaned up behind. */
async function swap(lab: Lab, old: Sandbox | null, deps: ReconcileDeps): Promise<Outcome> {
  const told: LabEvent[] = Object.keys(old?.components ?? {}).map((component) => ({
    type: 'component.running',
    data: { component },
  }));
  const swapped = await deps.labs.claimSpare(lab.id, lab.version, {}, told);
  if (swapped === null) return { do: 'no-spare' };
  deps.onStockChanged({ templateHash: lab.templateHash, failed: false });
  if (old !== null) await deps.queue.wake(`sandbox:${old.id}`);
  return again;
}

async function record(
  sandbox: Sandbox,
  components: Sandbox['components'],
  deps: ReconcileDeps,
): Promise<void> {
  const works = Object.values(components).every((row) => row.observed === 'running');
  const recovered = works ? { failures: 0, nextTryAt: null, lastError: null } : {};
  await deps.labs.changeSandbox(
    sandbox.id,
    sandbox.version,
    { components, ...recovered },
    changes(sandbox, components),
  );
}

/** What a trainee who watches is told: a component came up, or what served does not any more. */
function changes(sandbox: Sandbox, components: Sandbox['components']): readonly LabEvent[] {
  return Object.entries(components).flatMap(([component, row]): LabEvent[] => {
    const before = sandbox.components[component];
    if (row.observed === 'running' && before?.observed !== 'running') {
      return [{ type: 'component.running', data: { component } }];
    }
    const served = row.servedGeneration === row.generation;
    if (served && row.observed !== 'running' && before?.observed === 'running') {
      return [{ type: 'component.broken', data: { component, detail: row.detail } }];
    }
    return [];
  });
}

async function survey(
  subject: Subject,
  sandbox: Sandbox,
  deps: ReconcileDeps,
  signal: AbortSignal,
): Promise<void> {
  try {
    const rows = await deps.surveyor.survey(planOf(sandbox, subject.version), signal);
    await deps.labs.changeSandbox(sandbox.id, sandbox.version, { survey: rows });
  } catch (thrown) {
    if (!signal.aborted) await recordFailure(subject, [asLabError(thrown)], deps);
  }
}

async function admit(subject: Subject, sandbox: Sandbox, deps: ReconcileDeps): Promise<void> {
  const { lab, now, version } = subject;
  const change = { state: 'up', failures: 0, nextTryAt: null, lastError: null } as const;
  if (lab === null) {
    await deps.labs.changeSandbox(sandbox.id, sandbox.version, change);
    return;
  }
  try {
    const params = lab.params ?? deps.draw(version.template.parameters, lab.seed, sandbox.survey ?? {});
    const tookMs = now.getTime() - lab.createdAt.getTime();
    const ready = {
      phase: 'ready',
      readyAt: now,
      params,
      sandbox: { version: sandbox.version, change },
    } as const;
    await deps.labs.transition(lab.id, lab.version, ready, [{ type: 'lab.ready', data: { tookMs } }]);
  } catch (thrown) {
    const error = asLabError(thrown);
    if (error.code !== 'template_invalid') throw thrown;
    await end(lab, sandbox, { because: 'template_invalid', detail: error.message }, deps);
  }
}

async function end(
  lab: Lab,
  sandbox: Sandbox | null,
  why: { readonly because: NonNullable<Lab['endReason']>; readonly detail: string | null },
  deps: ReconcileDeps,
): Promise<void> {
  const change = {
    phase: 'terminating',
    endReason: why.because,
    endDetail: why.detail,
    ...(sandbox === null || sandbox.state === 'gone' ? {} : { sandbox: condemned(sandbox) }),
  } as const;
  const told: LabEvent = { type: 'lab.terminating', data: { because: why.because, detail: why.detail } };
  await deps.labs.transition(lab.id, lab.version, change, [told]);
}

async function destroy(
  subject: Subject,
  sandbox: Sandbox,
  deps: ReconcileDeps,
  signal: AbortSignal,
): Promise<void> {
  try {
    await subject.driver.destroy(sandbox.id, signal);
    await deps.labs.changeSandbox(sandbox.id, sandbox.version, { state: 'gone' });
  } catch (thrown) {
    if (!signal.aborted) await recordFailure(subject, [asLabError(thrown)], deps);
  }
}

function secondsUntil(until: Date, now: Date): number {
  return Math.max(0, (until.getTime() - now.getTime()) / 1000);
}
