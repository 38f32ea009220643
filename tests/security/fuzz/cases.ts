/**
 * Random worlds by a seed. FUZZ_SEED replays what a seed made; FUZZ_TIMES makes so many times more. What the checks ask
 * for is not of the seed: no random world can hold it.
 */
import { randomBytes, randomInt } from 'node:crypto';
import fc from 'fast-check';

const seed = Number(process.env.FUZZ_SEED ?? randomInt(2 ** 31 - 1));
const times = Number(process.env.FUZZ_TIMES ?? 1);

/** In no random world. */
export const wanted = randomBytes(16).toString('hex');

export const replay = `replay with FUZZ_SEED=${seed}`;

export function sample<T>(of: fc.Arbitrary<T>, cases: number): readonly T[] {
  return fc.sample(of, { seed, numRuns: cases * times });
}

/** One of them for each case, in turns, so that every one is used however few cases there are. */
export function inTurns<T>(all: readonly T[], nth: number): T {
  const one = all[nth % all.length];
  if (one === undefined) throw new RangeError('none to take turns');
  return one;
}
