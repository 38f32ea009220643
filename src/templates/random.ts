/** Randomness that is a function of a seed and a name: SHA-256 in counter mode, so that secrets have all its strength. */
import { createHash } from 'node:crypto';

export interface RandomSource {
  /** A whole number between two whole numbers, both included; without bias. */
  readonly int: (from: number, to: number) => number;
  readonly pick: <T>(items: readonly T[]) => T | undefined;
}

/** The same seed and name give the same numbers; another name gives others, whatever was drawn before. */
export function randomSource(seed: string, name: string): RandomSource {
  let counter = 0;
  let block = Buffer.alloc(0);
  let used = 0;
  const next48 = (): number => {
    if (used + 6 > block.length) {
      // Length-prefixed, so that no seed and name run into each other.
      block = createHash('sha256').update(`${seed.length}:${seed}:${name}:${counter++}`).digest();
      used = 0;
    }
    used += 6;
    return block.readUIntBE(used - 6, 6);
  };
  const int = (from: number, to: number): number => {
    const span = to - from + 1;
    if (!Number.isSafeInteger(span) || span < 1 || span > 2 ** 48) {
      throw new RangeError(`cannot draw between ${from} and ${to}`);
    }
    const limit = 2 ** 48 - (2 ** 48 % span);
    for (;;) {
      const value = next48();
      if (value < limit) return from + (value % span);
    }
  };
  return { int, pick: (items) => (items.length === 0 ? undefined : items[int(0, items.length - 1)]) };
}
