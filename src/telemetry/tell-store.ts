/** A store that tells of what is recorded: what happens to labs, and what becomes of attempts. */
import type { AttemptStore } from '../grading/types.ts';
import type { LabEvent } from '../lab/lab.ts';
import type { LabStore, Snapshot } from '../lab/ports.ts';
import type { Facts, Telemetry } from '../lab/telemetry.ts';

type Labs = Pick<
  LabStore,
  'getLab' | 'getSandbox' | 'transition' | 'changeSandbox' | 'claimSpare' | 'startSandboxForLab'
>;
type Attempts = Pick<AttemptStore, 'startAttempt' | 'finishAttempt' | 'voidAttempt'>;

export function tellOfStore<S extends Labs & Attempts>(store: S, telemetry: Telemetry): S {
  function told(after: Snapshot | null, events: readonly LabEvent[]): Snapshot | null {
    if (after !== null) for (const one of events) telemetry.event(one.type, factsOf(one, after));
    return after;
  }
  /** Work begins with reading what it is about. */
  function noted(found: Snapshot): Snapshot {
    const { lab, sandbox } = found;
    const row = lab ?? sandbox;
    if (row === null) return found;
    telemetry.note({
      template: row.templateId,
      backend: row.backend,
      ...(lab !== null && { lab: lab.id }),
      ...(sandbox !== null && { sandbox: sandbox.id }),
    });
    return found;
  }
  return {
    ...store,
    getLab: async (id) => noted(await store.getLab(id)),
    getSandbox: async (id) => noted(await store.getSandbox(id)),
    transition: async (id, version, change, events) =>
      told(await store.transition(id, version, change, events), events),
    changeSandbox: async (id, version, change, events = []) =>
      told(await store.changeSandbox(id, version, change, events), events),
    claimSpare: async (id, version, change, events) =>
      told(await store.claimSpare(id, version, change, events), events),
    startSandboxForLab: async (id, version, sandbox, change, events) =>
      told(await store.startSandboxForLab(id, version, sandbox, change, events), events),
    async startAttempt(id, leaseSeconds) {
      const work = await store.startAttempt(id, leaseSeconds);
      if (work !== null) {
        const { labId, number, final } = work.attempt;
        telemetry.note({ lab: labId, number, final, run: work.fence });
      }
      return work;
    },
    async finishAttempt(id, fence, outcome) {
      const recorded = await store.finishAttempt(id, fence, outcome);
      if (!recorded) return recorded;
      telemetry.note({ outcome: 'finished' });
      for (const { checkId, verdict, durationMs } of outcome.results) {
        telemetry.event('check', { check: checkId, verdict, ms: durationMs });
      }
      return recorded;
    },
    async voidAttempt(id, reason) {
      await store.voidAttempt(id, reason);
      telemetry.note({ outcome: 'void' });
    },
  };
}

/** Of an event only what is a name, a code or a time: its texts are for the lab's people. */
function factsOf({ type, data }: LabEvent, { lab, sandbox }: Snapshot): Facts {
  const row = lab ?? sandbox;
  const { component, code, tookMs } = data as Readonly<Record<string, unknown>>;
  return {
    ...(row !== null && { template: row.templateId, backend: row.backend }),
    ...(typeof component === 'string' && { component }),
    ...(typeof code === 'string' && { code }),
    ...(type === 'lab.ready' && typeof tookMs === 'number' && { seconds: tookMs / 1000 }),
  };
}
