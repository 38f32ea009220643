import { describe, expect, it } from 'vitest';
import { allowanceOf, type Limits } from '../../src/grading/limits.ts';
import type { EarlierAttempt, Verdict } from '../../src/grading/types.ts';

const at = (seconds: number) => new Date(seconds * 1_000);

/** An attempt that took ten seconds and passed so many checks. */
function attempt(seconds: number, passes: number, more: Partial<EarlierAttempt> = {}): EarlierAttempt {
  const results = Array.from({ length: 5 }, (_, n) => {
    const verdict: Verdict = n < passes ? 'pass' : 'fail';
    return { checkId: `c${n}`, verdict, points: verdict === 'pass' ? 2 : 0 };
  });
  const times = { requestedAt: at(seconds), finishedAt: at(seconds + 10) };
  const plain = { own: true, number: 1, final: false, state: 'finished', counted: true } as const;
  return { ...plain, ...times, results, ...more };
}

const pauseOf = (earlier: readonly EarlierAttempt[], limits: Limits, every: number, now: number) =>
  allowanceOf(earlier, limits, every, at(now)).pause;

describe('the allowance', () => {
  it('is without bounds where the template sets none', () => {
    const earlier = [attempt(0, 0), attempt(100, 0)];
    expect(allowanceOf(earlier, {}, 0, at(111))).toEqual({ used: 2, left: null, pause: null, inVain: 2 });
  });

  it('is never less than none', () => {
    const earlier = [attempt(0, 0), attempt(100, 0)];
    expect(allowanceOf(earlier, { attempts: 1 }, 0, at(200)).left).toBe(0);
  });

  it('names the pause that is longer', () => {
    const coolDown = { after: 1, forSeconds: 60 };
    const earlier = [attempt(0, 0)];
    expect(pauseOf(earlier, { coolDown }, 30, 20)).toEqual({
      because: 'coolDown',
      until: at(70),
      seconds: 60,
    });
    expect(pauseOf(earlier, { coolDown }, 300, 20)).toEqual({
      because: 'every',
      until: at(300),
      seconds: 300,
    });
    expect(pauseOf(earlier, { coolDown }, 30, 70)).toBeNull();
  });

  it('counts the pause between requests in the lab itself only', () => {
    expect(pauseOf([attempt(0, 3, { own: false })], {}, 300, 20)).toBeNull();
  });

  it('doubles the pause with each attempt in vain, to an hour at most', () => {
    const coolDown = { after: 3, forSeconds: 120 };
    const seconds = (row: number) =>
      pauseOf(
        Array.from({ length: row }, (_, n) => attempt(n, 0)),
        { coolDown },
        0,
        row,
      )?.seconds;
    expect([2, 3, 4, 5, 8, 30].map(seconds)).toEqual([undefined, 120, 240, 480, 3_600, 3_600]);
  });

  it('begins anew when something more passes, whoever asked', () => {
    const limits = { coolDown: { after: 2, forSeconds: 60 } };
    const inVain = (...earlier: EarlierAttempt[]) => allowanceOf(earlier, limits, 0, at(500)).inVain;
    expect(inVain(attempt(0, 0), attempt(20, 0), attempt(40, 1))).toBe(0);
    expect(inVain(attempt(0, 2), attempt(20, 1), attempt(40, 2))).toBe(2);
    expect(inVain(attempt(0, 0), attempt(20, 1, { counted: false }), attempt(40, 1))).toBe(1);
    expect(inVain(attempt(0, 0), attempt(20, 0, { state: 'void' }), attempt(40, 0, { final: true }))).toBe(1);
  });
});
