/**
 * A stream of numbers that is the same on every machine and for ever: rows of a lab are drawn from it, and
 * answers are computed from the rows. Hence our own twelve lines (sfc32) rather than a library's choice.
 */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform whole number in [from, to], both included. */
  int(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** Index drawn by weight. */
  weighted(weights: readonly number[]): number;
  /** Normal distribution with mean 0 and deviation 1. */
  normal(): number;
  /** Shaped like a version 4 uuid. */
  uuid(): string;
}

/** A stream of its own for each name, so that more rows of one table do not shift another's. */
export function randomStream(seed: number, name: string): Random {
  const next = sfc32(hash(`${seed}:${name}:a`), hash(`${seed}:${name}:b`), hash(`${seed}:${name}:c`));
  const bits = () => (next() * 0x1_0000_0000) >>> 0;
  const int = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick<T>(from: readonly T[]): T {
      const index = int(0, from.length - 1);
      if (index >= from.length) throw new RangeError('nothing to pick from');
      return from[index] as T;
    },
    weighted(weights) {
      let left = next() * weights.reduce((sum, weight) => sum + weight, 0);
      const at = weights.findIndex((weight) => {
        left -= weight;
        return left < 0;
      });
      return at < 0 ? weights.length - 1 : at;
    },
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    uuid() {
      const [a, b, c, d] = [bits(), bits(), bits(), bits()];
      return `${hex(a)}-${hex(b >>> 16, 2)}-${hex((b & 0x0fff) | 0x4000, 2)}-${hex(((c >>> 16) & 0x3fff) | 0x8000, 2)}-${hex(c, 2)}${hex(d)}`;
    },
  };
}

const byteAsHex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function hex(value: number, bytes: 2 | 4 = 4): string {
  const low = `${byteAsHex[(value >>> 8) & 0xff]}${byteAsHex[value & 0xff]}`;
  return bytes === 2 ? low : `${byteAsHex[value >>> 24]}${byteAsHex[(value >>> 16) & 0xff]}${low}`;
}

function sfc32(a: number, b: number, c: number): () => number {
  let counter = 1;
  const next = () => {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return (sum >>> 0) / 0x1_0000_0000;
  };
  for (let warm = 0; warm < 12; warm++) next();
  return next;
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return value | 0;
}
