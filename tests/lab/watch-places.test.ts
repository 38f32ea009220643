/** Samples of labs that hang cost those of other labs no time. */
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { expect, it } from 'vitest';
import type { Limiter } from '../../src/grading/look-all.ts';
import { createPlaces } from '../../src/grading/watches/places.ts';

/** Milliseconds until a quick sample is taken beside so many that hang. */
async function waited(limiter: Limiter, hanging: number, hangMs: number): Promise<number> {
  const hangs = Array.from({ length: hanging }, () => limiter(() => sleep(hangMs)));
  const start = performance.now();
  await limiter(async () => undefined);
  const took = performance.now() - start;
  await Promise.all(hangs);
  return took;
}

it('gives the places of samples that hang to the next, which a plain limit does not', async () => {
  expect(await waited(createPlaces(2), 4, 1_500)).toBeLessThan(1_000);
  expect(await waited(pLimit(2), 4, 1_500)).toBeGreaterThan(1_400);
});

it('keeps those that work to their places, and loses none when work fails', async () => {
  const limiter = createPlaces(2);
  let now = 0;
  let most = 0;
  const work = async (fails: boolean) => {
    most = Math.max(most, ++now);
    await sleep(10);
    now -= 1;
    if (fails) throw new Error('refused');
  };
  const all = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) => limiter(() => work(n % 2 === 0))),
  );
  expect(all.filter(({ status }) => status === 'rejected')).toHaveLength(10);
  expect(most).toBe(2);
  expect(await waited(limiter, 0, 0)).toBeLessThan(200);
});
