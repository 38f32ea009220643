/**
 * Samples the watches of one lab for as long as it is ready. One worker holds a lab's watches at a time; another one that
 * took over raises the fence, and what this one writes after that is refused.
 */
import type { Clock } from '../../lab/clock.ts';
import type { Log } from '../../lab/log.ts';
import { planOf } from '../../lab/plan.ts';
import type { LabStore, SandboxDriver, Snapshot, TemplateStore, WatchStore } from '../../lab/ports.ts';
import type { BackendName, TemplateVersion, WatchSpec } from '../../templates/types.ts';
import { accessScope } from '../access-scope.ts';
import type { Judge } from '../judge/thread.ts';
import type { Limiter, Looking } from '../look-all.ts';
import { noRecords } from '../records.ts';
import { bindSandbox } from '../sandbox-handle.ts';
import { templateFacts } from '../template-facts.ts';
import type { ObserverKind } from '../types.ts';
import { createFiller } from '../values/fill.ts';
import { createPauses } from './pauses.ts';
import { createRunBuffer, type RunBuffer } from './run-buffer.ts';
import { metReset, type SampleDeps, takeSample } from './sample.ts';
import { tickOf, untilNext } from './ticks.ts';

export interface WatchDeps {
  readonly watches: Pick<WatchStore, 'startWatching' | 'keepSamples'>;
  readonly labs: Pick<LabStore, 'getLab' | 'eventsAfter'>;
  readonly templates: Pick<TemplateStore, 'load'>;
  readonly drivers: ReadonlyMap<BackendName, SandboxDriver>;
  readonly observers: ReadonlyMap<string, ObserverKind>;
  readonly judge: Pick<Judge, 'evaluate'>;
  /** One for all labs of this worker: so many samples are taken at once. */
  readonly limiter: Limiter;
  readonly leaseSeconds: number;
  readonly clock: Clock;
  readonly log: Log;
}

const flushMs = 5_000;
/** Until a sample is tried again that came to none. */
const againMs = 250;
/** A sample that takes longer than this has failed; a lab that hangs must not hold others' places. */
const sampleMs = 3_000;

/** Returns when the lab is not ready any more, another worker has its watches, or on abort, with all written. */
export async function watchLab(labId: string, deps: WatchDeps, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const claimed = await deps.watches.startWatching(labId, deps.leaseSeconds);
  if (claimed === null) return;
  const read = await readInTime(labId, deps.labs);
  const lab = read?.first.lab ?? null;
  const version = lab === null ? null : await deps.templates.load(lab.templateHash);
  if (read === null || version === null) return;
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  const buffer = createRunBuffer();
  const holder = createHolder(labId, read, version, deps, buffer, stop);
  const sampling = version.template.watches.map((watch) => holder.sample(watch));
  const keep = async (): Promise<boolean> => {
    // Also when there is nothing to write: it tells that the lab has ended, or that another worker has it.
    const runs = buffer.unwritten();
    const kept = await deps.watches.keepSamples(labId, claimed.fence, runs);
    if (kept) buffer.written(runs);
    return kept;
  };
  try {
    while (await sleeps(flushMs, deps.clock, stop)) {
      try {
        if (!(await keep())) return;
      } catch (thrown) {
        deps.log.warn({ labId, err: thrown }, 'samples could not be written; they are kept');
      }
    }
    await Promise.allSettled(sampling);
    await keep();
  } finally {
    over.abort(new DOMException('watching has ended', 'AbortError'));
    await Promise.allSettled(sampling);
  }
}

interface InTime {
  readonly first: Snapshot;
  /** The database's clock, as it was read with the lab; `performance.now()` never jumps. */
  readonly now: () => number;
}

/** Half of what a reading of the clock may take is what all times that are told by it may be wrong. */
const promptMs = 200;
const readings = 5;

/** Null when the database never answered promptly: a clock that is wrong by so much would be in all samples. */
async function readInTime(labId: string, labs: WatchDeps['labs']): Promise<InTime | null> {
  for (let n = 0; n < readings; n++) {
    const before = performance.now();
    const first = await labs.getLab(labId);
    const tookMs = performance.now() - before;
    const offset = first.now.getTime() - before - tookMs / 2;
    if (tookMs <= promptMs) return { first, now: () => offset + performance.now() };
  }
  return null;
}

function createHolder(
  labId: string,
  { first, now }: InTime,
  version: TemplateVersion,
  deps: WatchDeps,
  buffer: RunBuffer,
  stop: AbortSignal,
) {
  const pauses = createPauses(labId, deps.labs);
  let bound = bind(first, version, deps);

  /** False when it came to no sample. */
  async function once(watch: WatchSpec): Promise<boolean> {
    const { snapshot, sampling } = bound;
    if (sampling === null) {
      bound = bind(await deps.labs.getLab(labId), version, deps);
      return false;
    }
    // It is of the time when it has its place, not of when it began to wait for one.
    const { at, taken } = await deps.limiter(async () => {
      const at = tickOf(labId, watch, now());
      return { at, taken: await takeSample(watch, sampling, stop) };
    });
    if (taken === null) return false;
    const { answered, ...seen } = taken;
    if (!seen.good) {
      const present = await deps.labs.getLab(labId);
      const components = deps.observers.get(watch.look.kind)?.components(watch.look.spec) ?? [];
      const names = components.map(({ name }) => name);
      if (metReset(snapshot, present, names)) {
        bound = bind(present, version, deps);
        return false;
      }
      if (!answered && (await pauses.covers(at))) return false;
    }
    buffer.add({ ...seen, watchId: watch.id, at, everySeconds: watch.everySeconds });
    return true;
  }

  return {
    /**
     * Samples until it is stopped; a sample that is still being taken when the next is due takes its place. What came to
     * none is tried again soon: waiting for the next time would make a gap of a moment.
     */
    async sample(watch: WatchSpec): Promise<void> {
      for (let pauseMs = 0; await sleeps(pauseMs, deps.clock, stop); ) {
        let sampled = false;
        try {
          sampled = await once(watch);
        } catch (thrown) {
          if (stop.aborted) return;
          deps.log.warn({ labId, watch: watch.id, err: thrown }, 'a sample was lost');
        }
        const nextMs = untilNext(labId, watch, now());
        pauseMs = sampled ? nextMs : Math.min(nextMs, againMs);
      }
    },
  };
}

/** A lab as it is sampled; without `sampling` it has nothing to be looked at just now. */
interface Bound {
  readonly snapshot: Snapshot;
  readonly sampling: SampleDeps | null;
}

function bind(snapshot: Snapshot, version: TemplateVersion, deps: WatchDeps): Bound {
  const { lab, sandbox } = snapshot;
  const driver = lab === null ? undefined : deps.drivers.get(lab.backend);
  if (lab === null || lab.phase !== 'ready' || sandbox === null || driver === undefined) {
    return { snapshot, sampling: null };
  }
  const handle = bindSandbox(driver, planOf(sandbox, version, lab.params));
  const params = lab.params ?? {};
  const scope = { params, access: accessScope(version, handle) };
  const context = {
    sandbox: handle,
    fill: createFiller(scope, { missing: 'throw' }),
    answers: {},
    records: noRecords,
    deadlineMs: sampleMs,
    ...templateFacts(version),
  };
  const looking: Looking = {
    version,
    observers: deps.observers,
    limiter: (work) => work(),
    context: () => context,
  };
  return { snapshot, sampling: { judge: deps.judge, looking, params } };
}

/** False when the sleep was cut short. */
async function sleeps(ms: number, clock: Clock, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(ms, signal);
    return true;
  } catch {
    return false;
  }
}
