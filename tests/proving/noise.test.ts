import { afterAll, describe, expect, it } from 'vitest';
import { createJudge } from '../../src/grading/judge/thread.ts';
import type { Value } from '../../src/grading/types.ts';
import { noiseFindings, scaled } from '../../src/proving/noise.ts';
import { check } from '../support/graded-lab.ts';

const judge = createJudge();
afterAll(() => judge.close());

/** What is found when `that` is judged over `speed` with 20% of noise. */
async function found(that: string, speed: Value, noise: number | null = 0.2, partial: string[] = []) {
  const one = check('fast', that, {});
  const expectation = {
    that,
    points: 10,
    else: 'Slow.',
    partial: partial.map((text) => ({ that: text, points: 5 })),
    ...(noise === null ? {} : { noise }),
  };
  const basis = {
    check: { ...one, expect: [expectation] },
    observations: { speed: { outcome: 'seen', value: speed, at: new Date(0), durationMs: 1 } as const },
    scope: {},
    secrets: [],
  };
  const result = {
    checkId: 'fast',
    verdict: 'pass',
    points: 10,
    maxPoints: 10,
    message: null,
    internal: null,
    expectations: [],
    evidence: {},
    durationMs: 1,
  } as const;
  const signal = AbortSignal.timeout(20_000);
  return (await noiseFindings(judge, [{ result, basis }], signal)).map(
    ({ code, message }) => `${code}: ${message}`,
  );
}

describe('a time near its limit', () => {
  it('is refused where noise would decide, on either side', async () => {
    expect(await found('speed.p95 < 100.0', { p95: 70 })).toEqual([]);
    expect(await found('speed.p95 < 100.0', { p95: 90 })).toEqual([
      'timing-inside-band: “speed.p95 < 100.0” would be otherwise with times 20% longer',
    ]);
    expect(await found('speed.p95 < 100.0', { p95: 110 })).toEqual([
      'timing-inside-band: “speed.p95 < 100.0” would be otherwise with times 20% shorter',
    ]);
    expect(await found('speed.p95 < 100.0', { p95: 130 })).toEqual([]);
  });

  it('is refused where noise decides over a part of the points', async () => {
    const partial = ['speed.p95 < 200.0'];
    expect(await found('speed.p95 < 100.0', { p95: 190 }, 0.2, partial)).toEqual([
      'timing-inside-band: “speed.p95 < 200.0” would be otherwise with times 20% longer',
    ]);
  });

  it('has noise that goes one way here and the other way at the start beside it', async () => {
    const that = 'speed.p95 * 3 <= speed.start.p95';
    expect(await found(that, { p95: 10, start: { p95: 46 } })).toEqual([]);
    expect(await found(that, { p95: 10, start: { p95: 44 } })).toHaveLength(1);
  });

  it('is nobody’s business where no noise is stated', async () => {
    expect(await found('speed.p95 < 100.0', { p95: 99 }, null)).toEqual([]);
  });
});

it('moves times and rates, wherever they are, and nothing else', () => {
  const value = { count: 4, rps: 10, durationMs: 8, list: [{ p50: 2 }], p99: 'x', at: new Date(0) };
  expect(scaled(value, 2, 1)).toEqual({
    count: 4,
    rps: 5,
    durationMs: 16,
    list: [{ p50: 4 }],
    p99: 'x',
    at: new Date(0),
  });
});
