/** The worker's half: making labs what they should be, and grading them. */
import type { Witness } from '../grading/grade-attempt.ts';
import { runOperation } from '../grading/operations/run-operation.ts';
import { runAttempt } from '../grading/run-attempt.ts';
import { bindSandbox } from '../grading/sandbox-handle.ts';
import { createPlaces } from '../grading/watches/places.ts';
import { watchLab } from '../grading/watches/watch-lab.ts';
import { LabError } from '../lab/errors.ts';
import { randomIds } from '../lab/random-ids.ts';
import { realClock } from '../lab/real-clock.ts';
import { createStock } from '../lab/stock.ts';
import { startWorker, type Worker } from '../lab/worker.ts';
import { createSurveyor } from '../observers/surveyor.ts';
import { tellOfStore } from '../telemetry/tell-store.ts';
import { drawParameters } from '../templates/draw.ts';
import { randomSource } from '../templates/random.ts';
import { nearest } from '../templates/suggest.ts';
import type { Core, CoreParts } from './core.ts';
import { evidenceKey } from './evidence-key.ts';

/** How often a worker looks for what nothing rang for. */
const every = { sweepMs: 1_000, reapMs: 30_000, stockMs: 10_000, pruneMs: 10 * 60_000 };

/** Samples of watches at once, over all labs: they wait more than they work. */
const samplesAtOnce = 12;

/** Serves rings, sweeps, reaps, keeps spares and grades. Its `stop` also closes the queue. */
export function startWork(
  core: Core,
  { log, queue, drivers, key, telemetry }: CoreParts,
  witness: Witness,
): Worker {
  const store = tellOfStore(core.store, telemetry);
  const { exporter, templates, templateStore, policy, vocabulary, judge } = core;
  const shared = {
    labs: store,
    templateStore,
    queue,
    policy,
    ids: randomIds,
    drivers,
    exporter,
    clock: realClock,
    log,
    telemetry,
  };
  const grading = {
    attempts: store,
    labs: store,
    operations: store,
    watches: store,
    people: store,
    templates: templateStore,
    drivers,
    observers: vocabulary.observers,
    actions: vocabulary.actions,
    judge,
    draw: drawParameters,
    ids: randomIds,
    evidenceKey: evidenceKey(key),
    leaseSeconds: policy.leaseSeconds,
    clock: realClock,
    log,
    witness,
  };
  const operating = {
    ...grading,
    exporter,
    forks: store,
    queue,
    nearest,
    drawBetween: (seed: string, name: string, from: number, to: number) =>
      randomSource(seed, name).int(from, to),
  };
  const watching = { ...grading, limiter: createPlaces(samplesAtOnce) };
  return startWorker({
    ...shared,
    templates,
    stock: createStock({ ...shared, templates, backends: new Set(drivers.keys()) }),
    surveyor: {
      async survey(plan, signal, backend) {
        const driver = drivers.get(backend);
        if (driver === undefined) {
          throw new LabError('backend_unavailable', `The backend "${backend}" is not enabled here.`);
        }
        return createSurveyor((one) => bindSandbox(driver, one)).survey(plan, signal, backend);
      },
    },
    draw: drawParameters,
    runAttempt: (id, signal) => runAttempt(id, grading, signal),
    runOperation: (id, leaving) => runOperation(id, operating, leaving),
    watchLab: (id, signal) => watchLab(id, watching, signal),
    every,
  });
}
