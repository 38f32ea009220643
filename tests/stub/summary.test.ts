import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/stub/entry.ts';
import { disturbanceOf } from '../../src/stub/moods.ts';
import type { MoodSpec } from '../../src/stub/spec.ts';
import { summarise } from '../../src/stub/summary.ts';

const start = Date.parse('2026-01-01T00:00:00.000Z');

function entry(seq: number, afterMs: number, more: Partial<Entry> = {}): Entry {
  const at = new Date(start + afterMs).toISOString();
  return {
    seq,
    at,
    method: 'POST',
    path: '/charges',
    route: 'POST /charges',
    status: 201,
    outcome: 'answered',
    ...more,
  };
}

describe('what a journal tells', () => {
  const all = [
    entry(1, 0, { call: 'a', status: 503, outcome: 'disturbed' }),
    entry(2, 10, { call: 'b', effect: 'b' }),
    entry(3, 100, { call: 'a', status: 429, outcome: 'disturbed', retryAfterMs: 2_000 }),
    entry(4, 150, { path: '/oauth/token', route: 'POST /oauth/token', status: 200 }),
    entry(5, 2_200, { call: 'a', effect: 'a', status: 0, outcome: 'silent' }),
    entry(6, 5_000, { call: 'a', effect: 'a' }),
  ];

  it('joins the tries of a call and the gaps between them', () => {
    const { entries, calls } = summarise(all);
    expect(calls).toEqual([
      { key: 'a', route: 'POST /charges', count: 4, gapsMs: [100, 2_100, 2_800] },
      { key: 'b', route: 'POST /charges', count: 1, gapsMs: [] },
    ]);
    expect(entries.map(({ nextAfterMs }) => nextAfterMs)).toEqual([
      100,
      undefined,
      2_100,
      undefined,
      2_800,
      undefined,
    ]);
  });

  it('counts what really happened, and what was answered', () => {
    const { effects, counts } = summarise(all);
    expect(effects).toEqual([
      { key: 'b', count: 1 },
      { key: 'a', count: 2 },
    ]);
    expect(counts).toEqual({
      'POST /charges 503': 1,
      'POST /charges 201': 2,
      'POST /charges 429': 1,
      'POST /oauth/token 200': 1,
      'POST /charges 0': 1,
    });
  });

  it('looks through a window, and counts all of it when only the last are shown', () => {
    const seen = summarise(all, { since: new Date(start + 100), path: '/charges', last: 1 });
    expect(seen.entries.map(({ seq }) => seq)).toEqual([6]);
    expect(seen.calls).toEqual([{ key: 'a', route: 'POST /charges', count: 3, gapsMs: [2_100, 2_800] }]);
    expect(seen.counts).toEqual({ 'POST /charges 429': 1, 'POST /charges 0': 1, 'POST /charges 201': 1 });
  });
});

describe('a mood', () => {
  const of = (call: string, before: number, disturbed = before) =>
    ({ seed: 3, route: 'POST /charges', call, before, disturbed }) as const;

  it('strikes as often as its chances say, and the same again', () => {
    const mood: MoodSpec = {
      atMost: 20,
      disturb: [
        { chance: 0.3, status: 503 },
        { chance: 0.2, slowMs: 5 },
      ],
    };
    const seen = Array.from({ length: 2_000 }, (_, n) => disturbanceOf(mood, of(`order ${n}`, 0)));
    const share = (what: 'status' | 'slowMs') =>
      seen.filter((one) => one?.[what] !== undefined).length / 2_000;
    expect(share('status')).toBeCloseTo(0.3, 1);
    expect(share('slowMs')).toBeCloseTo(0.2, 1);
    expect(Array.from({ length: 2_000 }, (_, n) => disturbanceOf(mood, of(`order ${n}`, 0)))).toEqual(seen);
  });

  it('leaves a call alone that it has struck often enough', () => {
    const mood: MoodSpec = { atMost: 2, disturb: [{ chance: 1, status: 503 }] };
    expect([0, 1, 2, 3].map((n) => disturbanceOf(mood, of('a', n))?.status)).toEqual([
      503,
      503,
      undefined,
      undefined,
    ]);
  });

  it('strikes at fixed places', () => {
    const mood: MoodSpec = { atMost: 5, disturb: [{ at: [2, 4], status: 500 }] };
    expect([0, 1, 2, 3, 4].map((n) => disturbanceOf(mood, of('a', n, 0)) !== null)).toEqual([
      false,
      true,
      false,
      true,
      false,
    ]);
  });
});
