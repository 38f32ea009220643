import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../src/grading/expression/outcome.ts';
import { attribution } from '../../../src/grading/judge/attribution.ts';
import { type CheckInput, judgeCheck } from '../../../src/grading/judge/judge.ts';
import type { LookProblem, Observation, Value } from '../../../src/grading/types.ts';
import type { CheckSpec } from '../../../src/templates/types.ts';
import { arbitraryText, arbitraryValue } from '../values/arbitrary-value.ts';
import { check, expectation, inThisThread, seen, unseen } from './check.ts';

const evaluate = inThisThread();

function judge(spec: CheckSpec, observations: Record<string, Observation>, rest: Partial<CheckInput> = {}) {
  return judgeCheck(
    { check: spec, observations, scope: { params: { rate: 49 } }, secrets: [], ...rest },
    evaluate,
  );
}

const customer = check({
  id: 'customer',
  expect: [
    expectation('row.rows.size() == 1', { points: 6, else: 'There is no such customer.' }),
    expectation('row.rows[0].status == "active"', {
      points: 4,
      else: 'The customer is {{row.rows[0].status}}, not active.',
      partial: [
        { that: 'row.rows[0].status == "pending"', points: 1 },
        { that: 'row.rows[0].status != "lost"', points: 2 },
      ],
    }),
  ],
});

describe('points and messages', () => {
  it('passes with all points and no message', async () => {
    expect(await judge(customer, { row: seen({ rows: [{ status: 'active' }] }) })).toEqual({
      checkId: 'customer',
      verdict: 'pass',
      points: 10,
      maxPoints: 10,
      message: null,
      internal: null,
      expectations: [
        { met: true, points: 6 },
        { met: true, points: 4 },
      ],
    });
  });

  it('counts every expectation, gives the best partial and says the first that is not met', async () => {
    const judged = await judge(customer, { row: seen({ rows: [{ status: 'pending' }] }) });
    expect(judged).toMatchObject({
      verdict: 'fail',
      points: 8,
      message: 'The customer is pending, not active.',
    });
    expect(judged.expectations).toEqual([
      { met: true, points: 6 },
      { met: false, points: 2 },
    ]);
    expect(await judge(customer, { row: seen({ rows: [{ status: 'lost' }] }) })).toMatchObject({ points: 6 });
  });

  it('says the first unmet one only', async () => {
    const judged = await judge(customer, { row: seen({ rows: [] }) });
    expect(judged).toMatchObject({ verdict: 'fail', points: 0, message: 'There is no such customer.' });
  });

  it('is no pass while an expectation without points is not met', async () => {
    const spec = check({ id: 'a', expect: [expectation('true'), expectation('1 == 2', { points: 0 })] });
    expect(await judge(spec, {})).toMatchObject({ verdict: 'fail', points: 5 });
  });
});

describe('an expression that throws', () => {
  const spec = check({
    id: 'a',
    expect: [expectation('row.rows[0].total == params.rate', { else: 'It is {{row.rows[0].total}}.' })],
  });

  it('fails with a reason', async () => {
    expect(await judge(spec, { row: seen({ rows: [] }) })).toMatchObject({
      verdict: 'fail',
      points: 0,
      message: 'It is –. (item 0 was looked for in a list of 0)',
      internal: expect.stringContaining('index out of bounds'),
    });
  });

  it('is our error only when it throws on the reference too', async () => {
    const data = { row: seen({ rows: [] }) };
    expect(await judge(spec, data, { reference: { row: { rows: [{ total: 49 }] } } })).toMatchObject({
      verdict: 'fail',
    });
    expect(await judge(spec, data, { reference: { row: { rows: [{ total: 1 }] } } })).toMatchObject({
      verdict: 'fail',
    });
    expect(await judge(spec, data, { reference: { row: { rows: [{ price: 49 }] } } })).toMatchObject({
      verdict: 'error',
      message: attribution.bug.sentence,
      internal: expect.stringContaining('fails on the reference too'),
    });
  });

  it.each<[Outcome, string, string | RegExp]>([
    [{ kind: 'stopped', because: 'time' }, 'fail', /took too long/],
    [{ kind: 'stopped', because: 'memory' }, 'fail', /too much memory/],
    [{ kind: 'broken', internal: 'the thread broke' }, 'error', attribution.bug.sentence],
  ])('%j is a %s', async (outcome, verdict, message) => {
    const input = { check: spec, observations: {}, scope: {}, secrets: [] };
    const judged = await judgeCheck(input, async ({ sources }) => sources.map(() => outcome));
    expect(judged.verdict).toBe(verdict);
    expect(judged.message).toMatch(message);
  });
});

describe('what could not be seen', () => {
  const spec = check({
    id: 'a',
    expect: [expectation('row.rows.size() == 1'), expectation('api.status == 200', { points: 3 })],
  });

  it.each(Object.entries(attribution))('%s goes by the table', async (problem, { verdict, sentence }) => {
    const judged = await judge(spec, {
      row: unseen(problem as LookProblem, 'It said so.'),
      api: seen({ status: 200 }),
    });
    expect(judged).toMatchObject({
      verdict,
      points: 3,
      message: verdict === 'fail' ? 'It said so.' : sentence,
      internal: expect.stringContaining(`internal of ${problem}`),
    });
    expect(
      (await judge(spec, { row: unseen(problem as LookProblem, ' '), api: seen({ status: 200 }) })).message,
    ).toBe(sentence);
  });

  it('is an error when any of it was ours, so that it is never charged', async () => {
    const judged = await judge(spec, { row: unseen('missing', 'Gone.'), api: unseen('backend_down', 'x') });
    expect(judged).toMatchObject({ verdict: 'error', message: attribution.backend_down.sentence });
  });

  it('does not matter to an expectation that does not read it', async () => {
    const judged = await judge(spec, { row: unseen('slow', 'Too slow.'), api: seen({ status: 500 }) });
    expect(judged).toMatchObject({ verdict: 'fail', message: 'Too slow.', points: 0 });
    const only = check({ id: 'b', expect: [expectation('api.status == 200')] });
    expect(await judge(only, { row: unseen('bug', 'x'), api: seen({ status: 200 }) })).toMatchObject({
      verdict: 'pass',
    });
  });

  it('is our error when nobody looked', async () => {
    expect(await judge(spec, {})).toMatchObject({
      verdict: 'error',
      internal: expect.stringContaining('"row" was not looked at'),
    });
  });
});

describe('secrets', () => {
  it('never appear, wherever they come from', async () => {
    const spec = check({
      id: 'a',
      expect: [expectation('row.rows[0][row.key] == 1', { else: 'Got {{row.key}} and {{params.token}}.' })],
    });
    const judged = await judge(
      spec,
      { row: seen({ rows: [{}], key: 's3cr3t' }) },
      { scope: { params: { token: 't0k3n' } }, secrets: ['s3cr3t', 't0k3n'] },
    );
    expect(judged.message).toBe('Got ••• and •••. (there is no "•••" in what was seen)');
    expect(judged.internal).not.toContain('s3cr3t');
    const unanswered = await judge(
      spec,
      { row: unseen('denied', 'password s3cr3t refused') },
      { secrets: ['s3cr3t', 'internal'] },
    );
    expect(unanswered.message).toBe('password ••• refused');
    expect(unanswered.internal).not.toContain('internal of');
  });
});

describe('any data', () => {
  it('gives a verdict, points within bounds and a message without the secret', async () => {
    const property = fc.asyncProperty(
      arbitraryValue,
      arbitraryText,
      async (value: Value, otherwise: string) => {
        const spec = check({
          id: 'a',
          expect: [
            expectation('row.rows.size() == 1 && row.rows[0].n > 3', {
              else: `${otherwise} {{row}} {{row.rows[0]}}`,
            }),
            expectation('row.all(x, x.n == row)', { partial: [{ that: 'row == row', points: 2 }] }),
          ],
        });
        const judged = await judge(spec, { row: seen(['s3cr3t', value]) }, { secrets: ['s3cr3t'] });
        expect(['pass', 'fail']).toContain(judged.verdict);
        expect(judged.points).toBeGreaterThanOrEqual(0);
        expect(judged.points).toBeLessThanOrEqual(10);
        expect(judged.message ?? '').not.toContain('s3cr3t');
      },
    );
    await fc.assert(property);
  });
});
