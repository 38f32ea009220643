/** The effects behind the steps: each one is idempotent and records what came of it by compare-and-set. */
import type { FaultSpec } from '../templates/types.ts';
import { asLabError, LabError } from './errors.ts';
import type { Lab, LabEvent, Sandbox } from './lab.ts';
import type { Step } from './next-step.ts';
import { resumed, stopComponents } from './pausing.ts';
import { beganAnew, condemned, endingOf, planOf } from './plan.ts';
import type { NewOperation, Snapshot } from './ports.ts';
import { type ReconcileDeps, recordFailure, retryAfter, type Subject } from './subject.ts';

export type Outcome =
  /** Decide anew: on the rows as a change has left them, or, when `after` is null, on what is read. */
  | { readonly do: 'again'; readonly after: Snapshot | null }
  | { readonly do: 'no-spare' }
  | { readonly do: 'rest'; readonly until: Date | null; readonly failed?: boolean };

/** Read and look anew: something was done out there, or somebody else was faster. */
export const again: Outcome = { do: 'again', after: null };

/** Takes one step. What a backend does becomes part of the record; throws only what the store throws. */
export async function act(
  step: Step,
  subject: Subject,
  deps: ReconcileDeps,
  signal: AbortSignal,
): Promise<Outcome> {
  const { lab, sandbox, now } = subject;
  switch (step.do) {
    case 'rest':
      return step;
    case 'claim':
      return lab === null ? again : goOn(await claim(lab, subject, deps));
    case 'swap':
      return lab === null ? again : swap(lab, sandbox, now, deps);
    case 'record':
      return sandbox === null ? again : goOn(await record(subject, sandbox, step.components, deps));
    case 'survey':
      if (sandbox !== null) await survey(subject, sandbox, deps, signal);
      return again;
    case 'draw':
      if (lab !== null && sandbox !== null) await drawFirst(subject, lab, sandbox, deps);
      // What is seen depends on the parameters: look anew.
      return again;
    case 'admit':
      return sandbox === null ? again : goOn(await admit(subject, sandbox, deps));
    case 'pause':
      return lab === null || sandbox === null ? again : pauseIdle(subject, lab, deps);
    case 'stop':
      return sandbox === null ? again : stop(subject, sandbox, step, deps, signal);
    case 'resumed':
      return lab === null || sandbox === null ? again : goOn(await resumed(subject, lab, sandbox, deps));
    case 'warn':
      if (lab !== null) {
        const told: LabEvent = { type: 'lab.expires_soon', data: { secondsLeft: step.secondsLeft } };
        await deps.labs.transition(lab.id, lab.version, { warned: step.warned }, [told]);
      }
      return again;
    case 'end':
      if (lab !== null) await end(subject, lab, sandbox, step, deps);
      return again;
    case 'export':
      if (lab !== null && sandbox !== null) await writeExport(subject, lab, sandbox, deps, signal);
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

/** What was just written need not be read, nor looked at again. */
function goOn(after: Snapshot | null): Outcome {
  return { do: 'again', after };
}

async function claim(lab: Lab, subject: Subject, deps: ReconcileDeps): Promise<Snapshot | null> {
  const { id, version, templateId, templateHash, backend } = lab;
  const provisioning = { phase: 'provisioning' } as const;
  const told = (from: string): readonly LabEvent[] => [{ type: 'lab.provisioning', data: { from } }];
  const claimed = await deps.labs.claimSpare(id, version, provisioning, told('spare'));
  if (claimed !== null) {
    deps.onStockChanged({ templateHash, failed: false });
    return claimed;
  }
  const components = Object.keys(subject.version.template.components);
  const sandbox = { id: deps.ids.sandbox(), templateId, templateHash, backend, components };
  return deps.labs.startSandboxForLab(id, version, sandbox, provisioning, told('new'));
}

/** A full reset by pointing the lab at a spare: as fast as a transaction; the old sandbox is cleaned up behind. */
async function swap(lab: Lab, old: Sandbox | null, now: Date, deps: ReconcileDeps): Promise<Outcome> {
  const told: LabEvent[] = Object.keys(old?.components ?? {}).map((component) => ({
    type: 'component.running',
    data: { component },
  }));
  const swapped = await deps.labs.claimSpare(lab.id, lab.version, { readyAt: now }, told);
  if (swapped === null) return { do: 'no-spare' };
  deps.onStockChanged({ templateHash: lab.templateHash, failed: false });
  if (old !== null) await deps.queue.wake(`sandbox:${old.id}`);
  return again;
}

async function record(
  { lab, now }: Subject,
  sandbox: Sandbox,
  components: Sandbox['components'],
  deps: ReconcileDeps,
): Promise<Snapshot | null> {
  const works = Object.values(components).every((row) => row.observed === 'running');
  const recovered = works ? { failures: 0, nextTryAt: null, lastError: null } : {};
  const { version } = sandbox;
  const change = { components, ...recovered };
  const told = changes(sandbox, components);
  // What was watched before is of a lab that is no more.
  if (lab?.phase === 'ready' && beganAnew(sandbox.components, components)) {
    return deps.labs.transition(lab.id, lab.version, { readyAt: now, sandbox: { version, change } }, told);
  }
  return deps.labs.changeSandbox(sandbox.id, version, change, told);
}

/** What a trainee who watches is told: a component came up, or what served does not any more. */
function changes(sandbox: Sandbox, components: Sandbox['components']): readonly LabEvent[] {
  return Object.entries(components).flatMap(([component, row]): LabEvent[] => {
    const before = sandbox.components[component];
    if (row.observed === 'running' && before?.observed !== 'running') {
      return [{ type: 'component.running', data: { component } }];
    }
    const served = row.servedGeneration === row.generation;
    // What starts once more, such as a database whose overlay is still to come, is not broken.
    const works = row.observed === 'running' || row.observed === 'starting';
    if (served && !works && before?.observed === 'running') {
      return [{ type: 'component.broken', data: { component, detail: row.detail } }];
    }
    return [];
  });
}

/** Refused while work on it goes on: then it is looked at again later. */
async function pauseIdle({ now }: Subject, lab: Lab, deps: ReconcileDeps): Promise<Outcome> {
  const paused = await deps.labs.transition(
    lab.id,
    lab.version,
    { phase: 'paused', pausedBecause: 'idle', unlessUsedSince: lab.activeAt },
    [{ type: 'lab.paused', data: { because: 'idle', by: null } }],
  );
  const until = new Date(now.getTime() + 1000 * deps.policy.lookEverySeconds);
  return paused === null ? { do: 'rest', until } : goOn(paused);
}

async function stop(
  subject: Subject,
  sandbox: Sandbox,
  { components, until }: Extract<Step, { readonly do: 'stop' }>,
  deps: ReconcileDeps,
  signal: AbortSignal,
): Promise<Outcome> {
  const changed = await stopComponents(subject, sandbox, components, deps, signal);
  return changed ? again : { do: 'rest', until };
}

async function survey(
  subject: Subject,
  sandbox: Sandbox,
  deps: ReconcileDeps,
  signal: AbortSignal,
): Promise<void> {
  try {
    const rows = await deps.surveyor.survey(
      planOf(sandbox, subject.version, subject.lab?.params ?? null),
      signal,
      sandbox.backend,
    );
    await deps.labs.changeSandbox(sandbox.id, sandbox.version, { survey: rows });
  } catch (thrown) {
    if (!signal.aborted) await recordFailure(subject, [asLabError(thrown)], deps);
  }
}

async function drawFirst(subject: Subject, lab: Lab, sandbox: Sandbox, deps: ReconcileDeps): Promise<void> {
  const params = await paramsOf(subject, lab, sandbox, deps);
  if (params !== null) await deps.labs.transition(lab.id, lab.version, { params }, []);
}

/** Those that the lab has, or new ones; null when its template cannot be drawn from, which ends the lab. */
async function paramsOf(
  { version }: Subject,
  lab: Lab,
  sandbox: Sandbox,
  deps: ReconcileDeps,
): Promise<Lab['params']> {
  if (lab.params !== null) return lab.params;
  try {
    return deps.draw(version.template.parameters, lab.seed, sandbox.survey ?? {});
  } catch (thrown) {
    const error = asLabError(thrown);
    if (error.code !== 'template_invalid') throw thrown;
    await end({ version }, lab, sandbox, { because: 'template_invalid', detail: error.message }, deps);
    return null;
  }
}

async function admit(subject: Subject, sandbox: Sandbox, deps: ReconcileDeps): Promise<Snapshot | null> {
  const { lab, now, version } = subject;
  const change = { state: 'up', failures: 0, nextTryAt: null, lastError: null } as const;
  if (lab === null) return deps.labs.changeSandbox(sandbox.id, sandbox.version, change);
  const params = await paramsOf(subject, lab, sandbox, deps);
  if (params === null) return null;
  const watch = version.template.watches.length > 0;
  const ready = {
    phase: 'ready',
    readyAt: now,
    params,
    plant: faultsToPlant(version.template.faults),
    watch,
    sandbox: { version: sandbox.version, change },
  } as const;
  const tookMs = now.getTime() - lab.createdAt.getTime();
  // A lab that was rewound has been ready before: how long it took says nothing then.
  const told: LabEvent = { type: 'lab.ready', data: lab.readyAt === null ? { tookMs } : {} };
  const after = await deps.labs.transition(lab.id, lab.version, ready, [told]);
  // Found by the sweep too, but a watch that looks every second should not begin a second late.
  if (after !== null && watch) await deps.queue.wake(`watch:${lab.id}`);
  return after;
}

/** Every fault of a template waits from the start: for its time, or for what triggers it but no longer than it may. */
function faultsToPlant(faults: readonly FaultSpec[]): readonly NewOperation[] {
  return faults.map(({ id, when }) => ({
    kind: 'fault',
    name: id,
    dueInSeconds: when.on === 'time' ? when.afterSeconds : when.atLatestSeconds,
  }));
}

async function end(
  { version }: Pick<Subject, 'version'>,
  lab: Lab,
  sandbox: Sandbox | null,
  why: { readonly because: NonNullable<Lab['endReason']>; readonly detail: string | null },
  deps: ReconcileDeps,
): Promise<void> {
  const change = {
    phase: 'terminating',
    endReason: why.because,
    endDetail: why.detail,
    ...endingOf(lab, sandbox, version),
  } as const;
  const told: LabEvent = { type: 'lab.terminating', data: { because: why.because, detail: why.detail } };
  await deps.labs.transition(lab.id, lab.version, change, [told]);
}

/** One that cannot be written keeps no lab for ever: the last failure is in its record. */
async function writeExport(
  { version, driver, now }: Subject,
  lab: Lab,
  sandbox: Sandbox,
  deps: ReconcileDeps,
  signal: AbortSignal,
): Promise<void> {
  try {
    const { bytes, leftOut } = await deps.exporter.write({ lab, sandbox, version, driver }, signal);
    const told: LabEvent = { type: 'lab.exported', data: { bytes, leftOut } };
    await deps.labs.transition(lab.id, lab.version, { exportsLeft: 0 }, [told]);
  } catch (thrown) {
    if (signal.aborted) return;
    const error = asLabError(thrown);
    if (error.code === 'database_unavailable') throw error;
    const exportsLeft = lab.exportsLeft - 1;
    deps.log.warn({ labId: lab.id, exportsLeft, err: error }, 'what is kept of a lab could not be written');
    const nextTryAt = new Date(now.getTime() + 1000 * retryAfter(sandbox, deps.policy));
    const change = { failures: sandbox.failures + 1, nextTryAt };
    const told: LabEvent = {
      type: 'lab.export_failed',
      data: { code: error.code, reason: error.message, triesLeft: exportsLeft },
    };
    const detail = `Its export could not be written: ${error.message}`;
    await deps.labs.transition(
      lab.id,
      lab.version,
      {
        exportsLeft,
        sandbox: { version: sandbox.version, change },
        ...(exportsLeft === 0 && { endDetail: detail }),
      },
      [told],
    );
  }
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
