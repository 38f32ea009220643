import { describe, expect, it } from 'vitest';
import type { Observation, ObserverKind } from '../../src/grading/types.ts';
import { createRunBuffer } from '../../src/grading/watches/run-buffer.ts';
import { tickOf, untilNext } from '../../src/grading/watches/ticks.ts';
import { type WatchDeps, watchLab } from '../../src/grading/watches/watch-lab.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { ann, liveWorld } from './live-world.ts';

const second = (n: number) => new Date(n * 1_000);
const sample = (n: number, good = true) => ({
  watchId: 'w',
  at: second(n),
  good,
  value: n,
  detail: good ? null : 'no',
  everySeconds: 1,
});

describe('the buffer of runs', () => {
  const runsOf = (samples: readonly ReturnType<typeof sample>[]) => {
    const buffer = createRunBuffer();
    for (const one of samples) buffer.add(one);
    return buffer.unwritten().map(({ from, to, count, good }) => [+from / 1000, +to / 1000, count, good]);
  };

  it('joins equal samples and begins anew where they differ', () => {
    expect(runsOf([sample(1), sample(2), sample(3, false), sample(4)])).toEqual([
      [1, 2, 2, true],
      [3, 3, 1, false],
      [4, 4, 1, true],
    ]);
  });

  it('does not join over a gap', () => {
    expect(runsOf([sample(1), sample(3), sample(5.1)])).toEqual([
      [1, 3, 2, true],
      [5.1, 5.1, 1, true],
    ]);
  });

  it('writes a run that goes on under the same beginning, and what was written no more', () => {
    const buffer = createRunBuffer();
    buffer.add(sample(1));
    buffer.add(sample(2, false));
    buffer.written(buffer.unwritten());
    expect(buffer.unwritten()).toEqual([]);
    buffer.add(sample(3, false));
    expect(buffer.unwritten()).toMatchObject([{ from: second(2), to: second(3), count: 2, value: 3 }]);
  });

  it('loses nothing that comes while it is written', () => {
    const buffer = createRunBuffer();
    buffer.add(sample(1));
    const writing = buffer.unwritten();
    buffer.add(sample(2));
    buffer.written(writing);
    expect(buffer.unwritten()).toMatchObject([{ from: second(1), count: 2 }]);
  });
});

describe('the times of samples', () => {
  const watch = { id: 'health', everySeconds: 2 };

  it('are the same for every worker, and not the same for every lab', () => {
    const next = (lab: string, now: number) => now + untilNext(lab, watch, now);
    expect(next('lab-1', 10_000)).toBe(next('lab-1', next('lab-1', 10_000) - 1));
    expect(next('lab-1', next('lab-1', 10_000))).toBe(next('lab-1', 10_000) + 2_000);
    const phases = new Set(Array.from({ length: 40 }, (_, n) => next(`lab-${n}`, 10_000)));
    expect(phases.size).toBeGreaterThan(30);
  });

  it('count a sample that begins a little late as of its time, and a later one as of its own', () => {
    const tick = 10_000 + untilNext('lab-1', watch, 10_000);
    expect(+tickOf('lab-1', watch, tick + 200)).toBe(tick);
    expect(+tickOf('lab-1', watch, tick + 900)).toBe(tick + 900);
  });
});

type See = () => boolean | { readonly status: number } | 'ours' | 'theirs';

/** A ready lab whose watch sees what `see` says; `it` is good when it is true. */
async function watched(see: See, everySeconds = 0.02) {
  const store = createMemoryStore({ now: () => new Date() });
  const watch = { id: 'w', everySeconds, look: { kind: 'eye', spec: { component: 'api' } }, good: 'it' };
  const w = await liveWorld(store, { template: { watches: [watch] } });
  const eye = {
    kind: 'eye',
    components: () => [{ name: 'api', kinds: ['sample-api'] }],
    async observe(): Promise<Observation> {
      const saw = see();
      const at = new Date();
      if (typeof saw !== 'string') return { outcome: 'seen', value: saw, at, durationMs: 1 };
      const problem = saw === 'ours' ? 'backend_down' : 'refused';
      return { outcome: 'unseen', problem, reason: 'nobody there', internal: '', at, durationMs: 1 };
    },
  } as unknown as ObserverKind;
  const deps: WatchDeps = {
    ...w.deps,
    watches: store,
    labs: store,
    observers: new Map([['eye', eye]]),
    limiter: (work) => work(),
  };
  const runs = () => store.watchRuns(w.labId, 'w', null);
  /** Watches for so long and writes what there is. */
  const watchFor = async (ms: number) => {
    const stop = new AbortController();
    const watching = watchLab(w.labId, deps, stop.signal);
    await new Promise((resolve) => setTimeout(resolve, ms));
    stop.abort();
    await watching;
  };
  return { ...w, deps, runs, watchFor };
}

describe('watching a lab', () => {
  it('begins with the lab and writes all that it saw when it is stopped', async () => {
    let count = 0;
    const w = await watched(() => ++count > 5);
    expect(w.queue.waiting()).toContain(`watch:${w.labId}`);
    await w.watchFor(400);
    const runs = await w.runs();
    const bad = runs.filter((run) => !run.good);
    // Under load one run may have become two: what matters is that no sample was lost.
    expect(bad.reduce((sum, { count }) => sum + count, 0)).toBe(5);
    expect(bad[0]).toMatchObject({ value: false, detail: 'It was not as it should be.' });
    expect(runs.at(-1)).toMatchObject({ good: true, value: true, detail: null });
  });

  it('goes on with the same watch after another worker stopped', async () => {
    const w = await watched(() => true, 0.5);
    await w.watchFor(700);
    await w.watchFor(700);
    const runs = await w.runs();
    const gaps = runs.slice(1).map(({ from }, n) => +from - +(runs[n]?.to ?? 0));
    expect(Math.max(0, ...gaps)).toBeLessThanOrEqual(1_000);
  });

  it('says why it saw nothing where that is the trainee’s doing', async () => {
    const w = await watched(() => 'theirs');
    await w.watchFor(100);
    expect((await w.runs())[0]).toMatchObject({ good: false, value: null, detail: 'nobody there' });
  });

  it('takes no sample of what it could not see through our own fault', async () => {
    const w = await watched(() => 'ours');
    await w.watchFor(100);
    expect(await w.runs()).toEqual([]);
  });

  it('takes no sample of what did not answer in our own pause, and those of what did', async () => {
    let saw: ReturnType<See> = 'theirs';
    const w = await watched(() => saw);
    await w.store.appendEvents(w.labId, [{ type: 'lab.pausing', data: { components: [] } }]);
    for (const silent of ['theirs', { status: 503 }] as const) {
      saw = silent;
      await w.watchFor(100);
    }
    expect(await w.runs()).toEqual([]);
    saw = { status: 404 };
    await w.watchFor(100);
    expect((await w.runs())[0]).toMatchObject({ good: false, value: { status: 404 } });
  });

  it('takes no bad sample of a lab that is being reset, and looks at what came of it', async () => {
    let good = true;
    const w = await watched(() => good);
    await w.labs.resetLab(ann, w.labId, { keepScore: true });
    good = false;
    await w.watchFor(100);
    expect(await w.runs()).toEqual([]);
    await w.settle();
    await w.watchFor(100);
    expect((await w.runs())[0]).toMatchObject({ good: false });
  });

  it('has one holder: what the earlier one saw after that is refused', async () => {
    const w = await watched(() => true);
    const stop = new AbortController();
    const first = watchLab(w.labId, w.deps, stop.signal);
    await new Promise((resolve) => setTimeout(resolve, 60));
    await w.store.startWatching(w.labId, 8);
    stop.abort();
    await first;
    expect(await w.runs()).toEqual([]);
  });

  it('does not begin for a lab that has ended', async () => {
    const w = await watched(() => true);
    await w.labs.deleteLab(ann, w.labId);
    await w.watchFor(50);
    expect(await w.runs()).toEqual([]);
  });
});
