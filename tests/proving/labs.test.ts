import pLimit from 'p-limit';
import { expect, it } from 'vitest';
import { createProofLabs } from '../../src/proving/labs.ts';
import type { ProofLab } from '../../src/proving/proof-lab.ts';

/** Labs that note what is done with them. */
function world(atOnce: number) {
  const told: string[] = [];
  let count = 0;
  const open = async (seed: string) => {
    count += 1;
    const id = `${seed}${count}`;
    told.push(`open ${id}`);
    const lab = {
      id,
      seed,
      reset: async () => void told.push(`reset ${id}`),
      end: async () => void told.push(`end ${id}`),
    };
    return lab as unknown as ProofLab;
  };
  const labs = createProofLabs(open, atOnce, pLimit(10));
  const use = (seed: string, spoiled = false) =>
    labs.within(
      seed,
      () => false,
      async ({ id }) => ({ done: id, spoiled }),
    );
  return { told, labs, use };
}

it('uses a lab again once it is reset, and ends all in the end', async () => {
  const { told, labs, use } = world(1);
  expect([await use('a'), await use('a')]).toEqual(['a1', 'a1']);
  await labs.end();
  expect(told).toEqual(['open a1', 'reset a1', 'end a1']);
});

it('makes room for a lab with other values', async () => {
  const { told, use } = world(1);
  await use('a');
  await use('b');
  expect(told).toEqual(['open a1', 'end a1', 'open b2']);
});

it('has no more labs than are allowed', async () => {
  const { told, use } = world(2);
  await Promise.all([use('a'), use('a'), use('a'), use('b')]);
  const open = told.filter((line) => line.startsWith('open')).length;
  const ended = told.filter((line) => line.startsWith('end')).length;
  expect(open - ended).toBeLessThanOrEqual(2);
});

it('does not use a lab again in which something went wrong', async () => {
  const { told, labs, use } = world(1);
  await use('a', true);
  await expect(
    labs.within(
      'a',
      () => false,
      async () => Promise.reject(new Error('trouble')),
    ),
  ).rejects.toThrow('trouble');
  await use('a');
  expect(told).toEqual(['open a1', 'end a1', 'open a2', 'end a2', 'open a3']);
});

it('opens none when it is too late', async () => {
  const { told, labs } = world(1);
  const late = () => true;
  expect(await labs.within('a', late, async () => ({ done: 1, spoiled: false }))).toBeNull();
  expect(told).toEqual([]);
});
