import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settle } from '../../../src/grading/judge/settle.ts';
import type { CheckProgress, Verdict } from '../../../src/grading/types.ts';
import type { CheckSpec } from '../../../src/templates/types.ts';
import { check, expectation, result } from './check.ts';

function settled(
  checks: readonly CheckSpec[],
  verdicts: Readonly<Record<string, Verdict>>,
  rest: {
    progress?: readonly string[];
    hints?: Record<string, number>;
    skipped?: readonly string[];
    tasks?: readonly string[][];
  } = {},
) {
  const tasks = rest.tasks ?? [checks.map(({ id }) => id)];
  const progress = (rest.progress ?? []).map(
    (checkId): CheckProgress => ({ checkId, passedAt: new Date(0), points: 5 }),
  );
  return settle({
    checks,
    tasks: tasks.map((ids, at) => ({
      id: `t${at}`,
      title: `Task ${at}`,
      text: null,
      checks: ids,
      opens: null,
      checkpoint: false,
      skip: null,
    })),
    judged: Object.fromEntries(
      checks.flatMap((spec) =>
        verdicts[spec.id] ? [[spec.id, result(spec, verdicts[spec.id] ?? 'fail')]] : [],
      ),
    ),
    progress,
    hintsTaken: rest.hints ?? {},
    skipped: rest.skipped ?? [],
  });
}

const verdictsOf = (outcome: ReturnType<typeof settled>) =>
  Object.fromEntries(outcome.results.map(({ checkId, verdict }) => [checkId, verdict]));

describe('needs', () => {
  const a = check({ id: 'a' });
  const other = check({ id: 'o' });
  const b = check({ id: 'b', needs: ['a', 'o'] });
  const c = check({ id: 'c', needs: ['b'] });

  it.each<[Verdict, Verdict, Verdict, Verdict]>([
    ['pass', 'pass', 'pass', 'pass'],
    ['fail', 'pass', 'blocked', 'blocked'],
    ['error', 'pass', 'error', 'error'],
    ['error', 'fail', 'blocked', 'blocked'],
  ])('with %s and %s: %s, and what needs that: %s', (first, second, expectedB, expectedC) => {
    const outcome = settled([c, b, a, other], { a: first, o: second, b: 'pass', c: 'pass' });
    expect(verdictsOf(outcome)).toEqual({ a: first, o: second, b: expectedB, c: expectedC });
  });

  it('gives no points and says what comes first', () => {
    const [, , blocked] = settled([a, other, b], { a: 'fail', o: 'pass', b: 'pass' }).results;
    expect(blocked).toMatchObject({
      points: 0,
      message: 'First: Check a',
      expectations: [{ met: false, points: 0 }],
      evidence: { row: 'address' },
    });
  });

  it('takes what is blocked without having been judged, and calls what was forgotten an error', () => {
    expect(verdictsOf(settled([a, other, b], { a: 'fail', o: 'pass' }))).toEqual({
      a: 'fail',
      o: 'pass',
      b: 'blocked',
    });
    expect(verdictsOf(settled([a], {}))).toEqual({ a: 'error' });
  });

  it('ends when checks need each other', () => {
    const x = check({ id: 'x', needs: ['y'] });
    const y = check({ id: 'y', needs: ['x'] });
    expect(Object.keys(verdictsOf(settled([x, y], { x: 'fail', y: 'fail' })))).toEqual(['x', 'y']);
  });
});

describe('a guard', () => {
  const work = check({ id: 'work' });
  const started = check({ id: 'started', passesAtStart: 'the seed has it' });
  const guard = check({ id: 'guard', guard: true });
  const second = check({ id: 'second', guard: true });

  it('passes without points until another check of its task passes', () => {
    const before = settled([work, guard], { work: 'fail', guard: 'pass' });
    expect(before.results[1]).toMatchObject({ verdict: 'pass', points: 0 });
    expect(before.points).toBe(0);
    const after = settled([work, guard], { work: 'pass', guard: 'pass' });
    expect(after.points).toBe(10);
  });

  it('is not vouched for by another guard, by what passes at the start, or by another task', () => {
    expect(settled([guard, second], { guard: 'pass', second: 'pass' }).points).toBe(0);
    expect(settled([guard, started], { guard: 'pass', started: 'pass' }).points).toBe(5);
    expect(
      settled([work, guard], { work: 'pass', guard: 'pass' }, { tasks: [['work'], ['guard']] }).points,
    ).toBe(5);
  });

  it('still falls', () => {
    expect(verdictsOf(settled([work, guard], { work: 'pass', guard: 'fail' }))).toMatchObject({
      guard: 'fail',
    });
  });
});

describe('what was passed before', () => {
  const usual = check({ id: 'usual' });
  const sticky = check({ id: 'sticky', sticky: true });
  const next = check({ id: 'next', needs: ['sticky'] });

  it('counts in the end only for sticky checks, and is told of all', () => {
    const outcome = settled(
      [usual, sticky, next],
      { usual: 'fail', sticky: 'fail', next: 'pass' },
      { progress: ['usual', 'sticky'] },
    );
    expect(outcome.results).toMatchObject([
      { verdict: 'fail', points: 0, passedBefore: true },
      {
        verdict: 'pass',
        points: 5,
        passedBefore: true,
        message: null,
        expectations: [{ met: true, points: 5 }],
      },
      { verdict: 'pass', points: 5 },
    ]);
    expect(outcome.results[2]).not.toHaveProperty('passedBefore');
  });
});

describe('hints', () => {
  const hints = [
    { text: 'one', penalty: 0 },
    { text: 'two', penalty: 2 },
    { text: 'three', penalty: 9 },
  ];
  const spec = check({ id: 'a', expect: [expectation('true', { points: 5 })], hints });

  it.each([
    [0, 'pass', 5, 0],
    [1, 'pass', 5, 0],
    [2, 'pass', 3, 2],
    [3, 'pass', 0, 5],
    [99, 'pass', 0, 5],
    [3, 'fail', 0, 0],
  ] as const)('%i taken and a %s: %i points, %i off, never below 0', (taken, verdict, points, penalty) => {
    const outcome = settled([spec], { a: verdict }, { hints: { a: taken } });
    expect(outcome).toMatchObject({ points, penalty, maxPoints: 5 });
    expect(outcome.results[0]).toMatchObject({ verdict, points, maxPoints: 5 });
  });
});

describe('any attempt', () => {
  const anyVerdict = fc.constantFrom<Verdict>('pass', 'fail', 'error');
  const anyChecks = fc
    .array(
      fc.record({
        needs: fc.array(fc.nat(6)),
        guard: fc.boolean(),
        sticky: fc.boolean(),
        verdict: anyVerdict,
        before: fc.boolean(),
        hints: fc.nat(2),
      }),
      { maxLength: 7 },
    )
    .map((drawn) =>
      drawn.map((one, at) => ({
        ...one,
        spec: check({
          id: `c${at}`,
          needs: one.needs.filter((need) => need < drawn.length).map((need) => `c${need}`),
          guard: one.guard,
          sticky: one.sticky,
          hints: [
            { text: 'h', penalty: 3 },
            { text: 'h', penalty: 4 },
          ],
        }),
      })),
    );

  it('adds up: one result a check, points between 0 and the most, never more for a hint', () => {
    fc.assert(
      fc.property(anyChecks, (drawn) => {
        const checks = drawn.map(({ spec }) => spec);
        const verdicts = Object.fromEntries(drawn.map(({ spec, verdict }) => [spec.id, verdict]));
        const progress = drawn.filter(({ before }) => before).map(({ spec }) => spec.id);
        const taken = Object.fromEntries(drawn.map(({ spec, hints }) => [spec.id, hints]));
        const outcome = settled(checks, verdicts, { progress, hints: taken });
        const without = settled(checks, verdicts, { progress });
        expect(outcome.results.map(({ checkId }) => checkId)).toEqual(checks.map(({ id }) => id));
        expect(outcome.points + outcome.penalty).toBe(without.points);
        for (const one of outcome.results) {
          expect(one.points).toBeGreaterThanOrEqual(0);
          expect(one.points).toBeLessThanOrEqual(one.maxPoints);
          if (one.verdict === 'blocked') expect(one.points).toBe(0);
        }
      }),
    );
  });
});
