import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FaultTimes, LabRecords, Observation } from '../../src/grading/types.ts';
import type { WatchRun } from '../../src/lab/lab.ts';
import { watchObserver } from '../../src/observers/watch.ts';
import { findGap, summarise, type WindowAsked } from '../../src/observers/watch-window.ts';
import type { WatchSpec } from '../../src/templates/types.ts';
import { lookContext, noRecords, testHandle } from '../support/handle.ts';

interface Sample {
  readonly at: number;
  readonly good: boolean;
}

/** As they are stored: equal ones in a row are one run, unless time is missing between them. */
function joined(samples: readonly Sample[], everyMs: number): WatchRun[] {
  const runs: (WatchRun & { to: Date; count: number })[] = [];
  let before: Sample | undefined;
  for (const sample of samples) {
    const last = runs.at(-1);
    if (last !== undefined && before?.good === sample.good && sample.at - before.at <= everyMs) {
      Object.assign(last, { to: new Date(sample.at), count: last.count + 1, value: sample.at });
    } else {
      const { at, good } = sample;
      const [from, to] = [new Date(at), new Date(at)];
      runs.push({ watchId: 'health', from, to, count: 1, good, value: at, detail: null });
    }
    before = sample;
  }
  return runs;
}

const scenesWith = (mostMissing: number) =>
  fc
    .record({
      everyMs: fc.integer({ min: 1, max: 4 }),
      goods: fc.array(fc.constantFrom(true, true, true, false), { minLength: 1, maxLength: 40 }),
      missing: fc.uniqueArray(fc.nat(40), { maxLength: mostMissing }),
      start: fc.nat(20),
      length: fc.nat(150),
      steady: fc.integer({ min: 1, max: 12 }),
      steadyAfter: fc.nat(30),
    })
    .map(({ everyMs, goods, missing, start, length, steady, steadyAfter }) => {
      const samples = goods
        .map((good, at): Sample => ({ at: 10 + at * everyMs, good }))
        .filter((_, at) => !missing.includes(at));
      const asked: WindowAsked = {
        everyMs,
        from: start,
        until: start + length,
        steadyFrom: start + steadyAfter,
        firstSteadyMs: steady,
      };
      return { samples, asked, runs: joined(samples, everyMs) };
    });

const scenes = scenesWith(10);

/** Whether it is known to be good at a moment: between two good samples in a row, or at one. */
function goodAt(samples: readonly Sample[], at: number): boolean {
  const before = samples.findLast((sample) => sample.at <= at);
  const after = samples.find((sample) => sample.at >= at);
  return before?.good === true && after?.good === true;
}

describe('samples of a window', () => {
  it('are counted as if each had been looked at', () => {
    fc.assert(
      fc.property(scenes, ({ samples, asked, runs }) => {
        const inside = samples.filter(({ at }) => at >= asked.from && at <= asked.until);
        expect(summarise(runs, asked)).toMatchObject({
          count: inside.length,
          failed: inside.filter(({ good }) => !good).length,
        });
      }),
    );
  });

  it('are steady from the first moment since when they were good for so long', () => {
    fc.assert(
      fc.property(scenesWith(0), ({ samples, asked, runs }) => {
        const steady = asked.firstSteadyMs ?? 0;
        const inside = samples.filter(({ at }) => at <= asked.until);
        const goodUntil = (at: number) => goodAt(inside, at);
        let expected: number | null = null;
        for (
          let at = Math.max(asked.from, asked.steadyFrom ?? 0);
          at <= asked.until && expected === null;
          at += 1
        ) {
          const all = Array.from({ length: steady + 1 }, (_, n) => goodUntil(at + n));
          if (all.every(Boolean)) expected = at;
        }
        const { steadyAt } = summarise(runs, asked);
        // A run that goes on beyond the window is good up to its end, which no sample inside tells.
        if (expected !== null) expect(steadyAt).toBe(expected);
        else if (steadyAt !== null) {
          expect(goodAt(samples, steadyAt) && goodAt(samples, steadyAt + steady)).toBe(true);
          expect(steadyAt + steady).toBeLessThanOrEqual(asked.until);
        }
      }),
    );
  });

  it('have a gap exactly where nothing is known for longer than two rounds', () => {
    fc.assert(
      fc.property(scenes, fc.nat(10), ({ samples, asked, runs }, tail) => {
        const inside = samples.filter(({ at }) => at >= asked.from && at <= asked.until);
        const next = samples.find(({ at }) => at > asked.until);
        const runsOn =
          next !== undefined && runs.some(({ from, to }) => +from <= asked.until && +to >= +next.at);
        const moments = [asked.from, ...inside.map(({ at }) => at)];
        const between = moments.some((at, n) => n > 0 && at - (moments[n - 1] ?? 0) > 2 * asked.everyMs);
        const newest = samples.findLast(({ at }) => at <= asked.until)?.at ?? asked.from;
        const end = !runsOn && asked.until - newest > 2 * asked.everyMs + tail;
        expect(findGap(runs, asked, tail) !== null).toBe(between || end);
      }),
    );
  });

  it('tell how long it was away: from the first bad one to the next good one', () => {
    const runs = joined(
      [...'ggbbbgbg'].map((letter, at) => ({ at: at * 1000, good: letter === 'g' })),
      1000,
    );
    const asked = { everyMs: 1000, from: 0, until: 7000, steadyFrom: 0, firstSteadyMs: 1000 };
    expect(summarise(runs, asked)).toEqual({
      count: 8,
      failed: 4,
      steadyAt: 0,
      flapsAfter: 2,
      last: 7000,
      longestOutageMs: 3000,
    });
    expect(summarise(runs, { ...asked, until: 4000 })).toMatchObject({ longestOutageMs: 2000, last: 4000 });
  });
});

describe('watch', () => {
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000);
  /** One sample a second, the oldest first, the newest a second ago; `-` is none. */
  function ask(letters: string, more: object, fault?: FaultTimes): Promise<Observation> {
    const samples = [...letters]
      .map((letter, at) => ({ at: Date.now() - (letters.length - at) * 1000, good: letter === 'g', letter }))
      .filter(({ letter }) => letter !== '-');
    const spec = { id: 'health', everySeconds: 1 } as WatchSpec;
    const records: LabRecords = {
      ...noRecords,
      events: fault === undefined ? {} : { drill: fault },
      watch: async (_, since) => ({
        spec,
        readyAt: ago(letters.length + 0.5),
        runs: joined(samples, 1_500).filter(({ to }) => since === null || to >= since),
      }),
    };
    const context = lookContext(testHandle({}), { records });
    return watchObserver.observe(
      watchObserver.spec.parse({ id: 'health', ...more }),
      context,
      AbortSignal.timeout(5_000),
    );
  }

  it('sums up the lab from its beginning, or its last seconds', async () => {
    expect(await ask('ggbbgggggg', {})).toMatchObject({
      value: { count: 10, failed: 2, longestOutageSeconds: 2 },
    });
    expect(await ask('ggbbgggggg', { last: '4s' })).toMatchObject({ value: { failed: 0 } });
  });

  it('says when it was steady after a fault, counted from when that was done', async () => {
    const fault = { at: ago(18), done: ago(15) };
    const seen = await ask('ggggggggbbbbggbgggggg', { since: 'drill', firstSteady: '4s' }, fault);
    expect(seen).toMatchObject({
      value: { steadyAt: expect.any(Date), steadyAfterSeconds: 9, steadyAfterText: '9 s', flapsAfter: 0 },
    });
    const never = await ask('ggggggggbbbbggbgggggg', { since: 'drill', firstSteady: '10s' }, fault);
    expect(never).toMatchObject({
      value: { steadyAt: null, steadyAfterSeconds: null, steadyAfterText: 'never' },
    });
  });

  it('is missing before the fault', async () => {
    const seen = await ask('gggg', { since: 'drill' }, { at: null, done: null });
    expect(seen).toMatchObject({
      outcome: 'unseen',
      problem: 'missing',
      reason: 'drill has not happened yet.',
    });
  });

  it('is a gap when a part was not sampled, or nothing is sampled any more', async () => {
    expect(await ask('gggg---ggggg', {})).toMatchObject({ outcome: 'unseen', problem: 'gap' });
    expect(await ask('gggg---ggggg', { last: '4s' })).toMatchObject({ outcome: 'seen' });
    expect(await ask(`ggggggg${'-'.repeat(14)}`, { last: '4s' })).toMatchObject({ problem: 'gap' });
    expect(await ask('--------------------', {})).toMatchObject({ problem: 'gap' });
  });
});
