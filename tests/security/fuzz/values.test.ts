/** Whatever value was seen, an honest expression over it fails or throws a reason. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { judgeCheck } from '../../../src/grading/judge/judge.ts';
import { createJudge, type Judge } from '../../../src/grading/judge/thread.ts';
import { record } from '../../../src/grading/record.ts';
import { arbitraryValue } from '../../grading/values/arbitrary-value.ts';
import { check } from '../../support/graded-lab.ts';
import { inTurns, replay, sample, wanted } from './cases.ts';

let judge: Judge;
beforeAll(() => {
  judge = createJudge();
});
afterAll(() => judge.close());

const asks = [
  'seen == params.wanted',
  'params.wanted in seen',
  'seen.exists(x, x == params.wanted)',
  'seen.map(x, x.name).join(",").contains(params.wanted)',
  'seen.a.b[0].c == params.wanted',
  'string(seen) == params.wanted || string(seen).contains(params.wanted)',
  'sort(seen)[0] == params.wanted',
  'distinct(seen).size() == 987654',
  'like(seen, params.wanted)',
  'like(params.wanted, seen) && seen.size() == 31',
  'gaps(seen).size() > 0 && p95(gaps(seen)) == 0.123456789',
  'timestamp(seen) - timestamp(0) == duration("1.234567891s")',
  'seen + seen == params.wanted',
  'seen.split("").size() == 999983',
  'double(seen) == 0.987654321',
  'seen.?x.orValue(seen) == params.wanted',
  'has(seen.constructor) && seen.constructor == params.wanted',
  'seen ? seen == params.wanted : params.wanted == seen',
];

it('is never a pass, our fault, or late', async () => {
  const values = sample(arbitraryValue, 1_800);
  const signal = AbortSignal.timeout(290_000);
  const wrongs: string[] = [];
  const judged = values.map(async (value, nth) => {
    const seen = record({ outcome: 'seen', value, at: new Date(), durationMs: 1 }, null).observation;
    const that = inTurns(asks, nth);
    const input = { check: check(`case-${nth}`, that, {}), scope: { params: { wanted } }, secrets: [] };
    const { verdict, internal } = await judgeCheck({ ...input, observations: { seen } }, (batch) =>
      judge.evaluate(batch, signal),
    );
    if (verdict !== 'fail')
      wrongs.push(`${verdict}: ${internal}: ${that} of ${String(JSON.stringify(value))}`);
  });
  await Promise.all(judged);
  expect(wrongs, replay).toEqual([]);
}, 300_000);
