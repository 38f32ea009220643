/** Grades a live lab over a template that is being written. Nothing of it is recorded. */
import { randomUUID } from 'node:crypto';
import type { Runtime } from '../compose.ts';
import { attemptRecords } from '../grading/attempt-records.ts';
import { faultTimes } from '../grading/fault-times.ts';
import { type Graded, gradeLab } from '../grading/grade.ts';
import { bindSandbox } from '../grading/sandbox-handle.ts';
import { whyDown } from '../grading/trials/fork.ts';
import { createForks } from '../grading/trials/forks.ts';
import type { Lab, Sandbox } from '../lab/lab.ts';
import type { Log } from '../lab/log.ts';
import { planOf } from '../lab/plan.ts';
import { randomIds } from '../lab/random-ids.ts';
import { realClock } from '../lab/real-clock.ts';
import { drawParameters } from '../templates/draw.ts';
import type { TemplateVersion } from '../templates/types.ts';
import { createForkOwner } from './fork-owner.ts';

export type GradingParts = Pick<Runtime, 'store' | 'drivers' | 'vocabulary' | 'judge' | 'policy'> & {
  readonly log: Log;
};

export interface LiveLab {
  readonly lab: Lab;
  readonly sandbox: Sandbox;
  /** What is graded; its hash and components are those that the lab was made from. */
  readonly version: TemplateVersion;
}

/**
 * As an attempt would, without hints and earlier passes; trials draw values of their own each time. `only`: these checks
 * alone. Leaves no fork alive. Rejects on abort.
 */
export async function gradeLive(
  { lab, sandbox, version }: LiveLab,
  only: ReadonlySet<string> | null,
  parts: GradingParts,
  signal: AbortSignal,
): Promise<Graded> {
  const { store, vocabulary, judge, policy, log } = parts;
  const driver = parts.drivers.get(lab.backend);
  if (driver === undefined) throw new Error(`lab ${lab.id} is on ${lab.backend}, which is not enabled here`);
  const params = lab.params ?? {};
  const plan = planOf(sandbox, version, params);
  const [answers, marks, operations] = await Promise.all([
    store.answers(lab.id),
    store.marks(lab.id),
    store.listOperations(lab.id),
  ]);
  const { leaseSeconds } = policy;
  const owner = createForkOwner({ store, labId: lab.id, leaseSeconds, clock: realClock, log });
  const forks = createForks({
    attemptId: '',
    fence: 1,
    store: owner.forks,
    driver,
    ids: randomIds,
    version,
    params,
    live: sandbox,
    pausing: async () => {},
    checkpoint: async (task) => {
      const kept = operations.find((one) => one.kind === 'checkpoint' && one.name === task);
      if (kept?.state !== 'done' || kept.sandboxId === null) return null;
      return (await store.getSandbox(kept.sandboxId)).sandbox;
    },
    log,
  });
  const events = faultTimes(version.template, operations);
  try {
    return await gradeLab(
      {
        version,
        params,
        answers,
        hintsTaken: {},
        progress: [],
        marks,
        skipped: [],
        sandbox: bindSandbox(driver, plan),
        whyDown: (component, within) => whyDown(driver, plan, component, within),
        records: attemptRecords({ lab, version, events, watches: store, forks }),
        observers: vocabulary.observers,
        actions: vocabulary.actions,
        judge,
        forks,
        draw: drawParameters,
        seed: randomUUID(),
        fence: 1,
        evidenceKey: null,
        log,
        ...(only === null ? {} : { only }),
      },
      signal,
    );
  } finally {
    await forks.dropAll();
    await owner.release();
  }
}
