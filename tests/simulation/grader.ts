/**
 * Grading, as far as rows and sandboxes are concerned: an attempt makes forks by the real code, uses them, and is
 * recorded. What it looks at and how it judges is no matter of crashes.
 */
import { staleness } from '../../src/grading/staleness.ts';
import { createForks, type DrawnTrial, type Forks } from '../../src/grading/trials/forks.ts';
import type { AttemptStore, CheckResult } from '../../src/grading/types.ts';
import type { Clock, Ids } from '../../src/lab/clock.ts';
import { LabError } from '../../src/lab/errors.ts';
import type { Sandbox } from '../../src/lab/lab.ts';
import type { Log } from '../../src/lab/log.ts';
import type { LabStore, OperationStore, SandboxDriver, TemplateStore } from '../../src/lab/ports.ts';
import { whileHeld } from '../../src/lab/while-held.ts';

interface GraderDeps {
  readonly store: AttemptStore & LabStore & OperationStore & Pick<TemplateStore, 'load'>;
  readonly driver: SandboxDriver;
  readonly ids: Ids;
  readonly leaseSeconds: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Where a look or a step would take its time. */
  readonly pause: () => Promise<void>;
  /** Whether the one check of this attempt passes. */
  readonly passes: () => boolean;
}

export const evidenceAddress = 'seen';

/** Grades and records one attempt, or finds that it is not to be recorded. */
export async function gradeAttempt(id: string, deps: GraderDeps): Promise<void> {
  const { store } = deps;
  const work = await store.startAttempt(id, deps.leaseSeconds);
  if (work === null) return;
  const { fence, attempt } = work;
  await whileHeld(`attempt:${id}`, { ...deps, labs: store }, async () => {
    const { lab, sandbox } = await store.getLab(attempt.labId);
    const version = await store.load(attempt.templateHash);
    const phase = lab?.phase ?? 'terminated';
    const standing = { phase, sandboxId: sandbox?.id ?? null, generations: generationsOf(sandbox) };
    const stale = staleness(work, standing, 'before it was graded');
    if (stale !== null || sandbox === null || version === null) {
      return store.voidAttempt(id, stale ?? 'It cannot be graded.');
    }
    const forks = createForks({
      attemptId: id,
      fence,
      store,
      driver: deps.driver,
      ids: deps.ids,
      version,
      params: lab?.params ?? {},
      live: sandbox,
      pausing: (components) =>
        store.appendEvents(attempt.labId, [{ type: 'lab.pausing', data: { components: [...components] } }]),
      checkpoint: async () => null,
      log: deps.log,
    });
    try {
      const trials = version.template.trials.map((trial) => ({ trial, attempt: {} }));
      const tried = await tryAll(trials, forks, deps);
      const { labId } = attempt;
      const passed = tried && deps.passes();
      const kept = passed ? version.template.tasks.filter(({ checkpoint }) => checkpoint) : [];
      await store.finishAttempt(id, fence, {
        points: passed ? 1 : 0,
        penalty: 0,
        results: [resultOf(tried, passed)],
        evidence: [{ address: evidenceAddress, bytes: Uint8Array.of(1) }],
        plant: kept.map(({ id: name }) => ({ kind: 'checkpoint', name, dueInSeconds: 0 })),
        trigger: passed ? [`${labId}/fault/checked`] : [],
      });
    } finally {
      await forks.dropAll();
    }
  });
}

/** False: one could not be tried, through a fault of ours. */
async function tryAll(trials: readonly DrawnTrial[], forks: Forks, deps: GraderDeps): Promise<boolean> {
  const signal = new AbortController().signal;
  try {
    await forks.image(trials, signal);
    await deps.pause();
    const tries = trials.map(async (trial) => {
      const fork = await forks.fork(trial, signal);
      await deps.pause();
      await fork.drop();
    });
    const all = await Promise.allSettled(tries);
    const failed = all.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return true;
  } catch (thrown) {
    if (thrown instanceof LabError) return false;
    throw thrown;
  }
}

function resultOf(tried: boolean, passed: boolean): CheckResult {
  return {
    checkId: 'works',
    verdict: tried ? (passed ? 'pass' : 'fail') : 'error',
    points: passed ? 1 : 0,
    maxPoints: 1,
    message: passed ? null : 'It does not work.',
    internal: null,
    expectations: [{ met: passed, points: passed ? 1 : 0 }],
    evidence: { it: evidenceAddress },
    durationMs: 1,
  };
}

export function generationsOf(sandbox: Sandbox | null): Record<string, number> {
  const rows = Object.entries(sandbox?.components ?? {});
  return Object.fromEntries(rows.map(([name, row]) => [name, row.generation]));
}
