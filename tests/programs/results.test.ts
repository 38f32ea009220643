import { describe, expect, it } from 'vitest';
import { noJudgements } from '../../src/grading/people.ts';
import type { Attempt, CheckResult } from '../../src/grading/types.ts';
import { resultOf } from '../../src/programs/results.ts';
import type { GradedAttempt } from '../../src/programs/store.ts';
import { result, sampleVersion } from '../http/sample-version.ts';

const { template } = sampleVersion();

function graded(final: boolean, results: readonly CheckResult[], penalty = 0): GradedAttempt {
  const attempt: Attempt = {
    id: 'a',
    labId: 'l',
    number: 1,
    final,
    state: 'finished',
    templateHash: 'h',
    requestedAt: new Date('2026-01-05T10:00:00Z'),
    startedAt: null,
    finishedAt: new Date('2026-01-05T10:01:00Z'),
    points: results.reduce((sum, one) => sum + one.points, 0) - penalty,
    maxPoints: 22,
    penalty,
    voidReason: null,
    results,
  };
  return { trainee: 'ann', templateId: template.id, attempt, judgements: noJudgements };
}

const full = [
  result('open', 'pass', 10, 10),
  result('title-only', 'pass', 5, 5),
  result('after-submit', 'pass', 7, 7),
];

describe('what an attempt counts in a program', () => {
  it('is its points after hints, and each check with the tasks that it is in', () => {
    const { points, maxPoints, checks, at } = resultOf(graded(true, full, 3), template);
    expect({ points, maxPoints, at }).toEqual({
      points: 19,
      maxPoints: 22,
      at: new Date('2026-01-05T10:01:00Z'),
    });
    expect(checks).toEqual([
      { id: 'open', tasks: ['one'], points: 10, maxPoints: 10 },
      { id: 'title-only', tasks: ['one'], points: 5, maxPoints: 5 },
      { id: 'after-submit', tasks: ['two'], points: 7, maxPoints: 7 },
    ]);
  });

  it('tells nothing that is kept until the work is handed in', () => {
    const [open, ...hidden] = full;
    if (open === undefined) throw new Error('there is a first one');
    const failed = hidden.map((one) => ({ ...one, verdict: 'fail' as const, points: 0 }));
    const before = [full, [open, ...failed]].map((results) => resultOf(graded(false, results), template));
    expect(before[0]).toEqual(before[1]);
    expect(before[0]?.points).toBe(10);
    expect(resultOf(graded(true, full), template).points).toBe(22);
  });

  it('needs no template that can still be read', () => {
    expect(resultOf(graded(true, full), null)).toMatchObject({ points: 22, checks: [{ tasks: [] }, {}, {}] });
  });
});
