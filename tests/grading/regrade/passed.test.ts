import { describe, expect, it } from 'vitest';
import { passedBy } from '../../../src/grading/regrade/passed.ts';
import type { CheckResult, Verdict } from '../../../src/grading/types.ts';

const time = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));
const result = (checkId: string, verdict: Verdict): CheckResult => ({
  checkId,
  verdict,
  points: 10,
  maxPoints: 10,
  message: null,
  internal: null,
  expectations: [],
  evidence: {},
  durationMs: 0,
});
const attempt = (minute: number, was: Verdict, is: Verdict) => ({
  finishedAt: time(minute),
  recorded: [result('a', was)],
  counted: [result('a', is)],
});
const before = { checkId: 'a', passedAt: time(1), points: 10 };

describe('what had been passed before an attempt', () => {
  it('is what was recorded, where nothing is judged otherwise', () => {
    expect(passedBy([before], [attempt(1, 'pass', 'pass')], time(5), [])).toEqual([before]);
    expect(passedBy([], [attempt(1, 'fail', 'fail')], time(5), [])).toEqual([]);
  });

  it('gains what an attempt passes now, from its time on', () => {
    expect(passedBy([], [attempt(1, 'fail', 'pass')], time(5), [])).toEqual([before]);
  });

  it('loses what only an attempt passed that does not any more', () => {
    expect(passedBy([before], [attempt(1, 'pass', 'fail')], time(5), [])).toEqual([]);
    const both = [attempt(1, 'pass', 'fail'), attempt(2, 'pass', 'pass')];
    expect(passedBy([before], both, time(5), [])).toEqual([before]);
  });

  it('knows nothing of attempts before the score was forgotten', () => {
    expect(passedBy([], [attempt(1, 'fail', 'pass')], time(5), [time(3)])).toEqual([]);
    expect(passedBy([], [attempt(1, 'fail', 'pass')], time(5), [time(7)])).toEqual([before]);
  });
});
