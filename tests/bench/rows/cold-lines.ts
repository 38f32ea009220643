/** Labs that nobody has made in advance, one and many at once, each until all are ready, against the same by hand. */
import type { Labs } from '../labs.ts';
import { interleave, type Line } from '../measure.ts';
import type { World } from '../world.ts';

export interface Cold {
  readonly labs: Labs;
  /** Brings the floor of a lab up, as one of so many at once; ready when it returns. */
  floor(count: number): Promise<{ remove(): Promise<void> }>;
  /** Where the labs are. */
  readonly where: string;
  /** Times the floor. */
  readonly atMost: { readonly one: number; readonly many: number };
  readonly note: string;
}

export async function coldLines(
  { signal, burst, samples }: World,
  { labs, floor, where, atMost, note }: Cold,
): Promise<readonly Line[]> {
  async function timed(count: number): Promise<number> {
    await labs.quiet(0);
    const start = performance.now();
    const ids = await Promise.all(Array.from({ length: count }, () => labs.ask()));
    await Promise.all(ids.map((id) => labs.until(id, 'ready', 20)));
    const took = performance.now() - start;
    await Promise.all(ids.map((id) => labs.end(id)));
    return took;
  }

  async function timedFloor(count: number): Promise<number> {
    await labs.quiet(0);
    const start = performance.now();
    const made = await Promise.allSettled(Array.from({ length: count }, () => floor(count)));
    const took = performance.now() - start;
    await Promise.all(made.map((one) => (one.status === 'fulfilled' ? one.value.remove() : null)));
    const failed = made.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return took;
  }

  const sides = (count: number) => ({ ours: () => timed(count), floor: () => timedFloor(count) });
  const single = await interleave(sides(1), { samples: samples(30, 4), warmups: 1, signal });
  const many = await interleave(sides(burst), { samples: samples(4, 1), warmups: 0, signal });
  return [
    {
      what: `cold lab in ${where}, POST to ready`,
      unit: 'ms',
      ...single,
      target: { kind: 'ratio', atMost: atMost.one },
      note,
    },
    {
      what: `${burst} at once, until all are ready`,
      unit: 'ms',
      ...many,
      target: { kind: 'ratio', atMost: atMost.many },
      note,
    },
  ];
}
