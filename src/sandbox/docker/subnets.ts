/** Which part of the pool a sandbox's network takes. Pure. */

/** Sixteen addresses: thirteen containers, and what a network needs for itself. */
const subnetBits = 28;

interface Range {
  readonly first: number;
  readonly last: number;
}

/** How many networks this pool has room for. */
export function subnetsOf(pool: string): number {
  const { first, last } = rangeOf(pool);
  return (last - first + 1) / 2 ** (32 - subnetBits);
}

/**
 * Subnets of the pool that touch none of `taken`, from a place on that `start` (0 to 1) names, so that those who ask at
 * the same time rarely get the same. Empty when the pool is used up.
 * @param taken subnets in CIDR notation; what is not IPv4 is ignored.
 */
export function freeSubnets(pool: string, taken: Iterable<string>, start: number, most: number): string[] {
  const { first } = rangeOf(pool);
  const [count, size] = [subnetsOf(pool), 2 ** (32 - subnetBits)];
  const used = new Set<number>();
  for (const range of [...taken].filter(isIpv4).map(rangeOf)) {
    const from = Math.max(0, Math.floor((range.first - first) / size));
    const to = Math.min(count - 1, Math.floor((range.last - first) / size));
    for (let index = from; index <= to; index++) used.add(index);
  }
  const found: string[] = [];
  const offset = Math.floor(start * count);
  for (let step = 0; step < count && found.length < most; step++) {
    const index = (offset + step) % count;
    if (!used.has(index)) found.push(`${dotted(first + index * size)}/${subnetBits}`);
  }
  return found;
}

const isIpv4 = (cidr: string): boolean => /^\d+\.\d+\.\d+\.\d+\/\d+$/.test(cidr);

function rangeOf(cidr: string): Range {
  const [address = '', bits = '32'] = cidr.split('/');
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(number / size) * size;
  return { first, last: first + size - 1 };
}

function dotted(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
