/** Samples and what is said about them. A figure is only ever compared with its floor of the same run. */

export interface Series {
  readonly samples: readonly number[];
  /** Efforts that threw: they have no figure, and the success rate says so. */
  readonly failures: number;
}

/** What a line must reach; the comparison is of medians unless it says otherwise. */
export type Target =
  /** Ours is at most so many times the floor; of the percentiles that it names. */
  | { readonly kind: 'ratio'; readonly atMost: number; readonly of?: 'p95' | 'p99' }
  /** For rates: ours is at least so many times the floor. */
  | { readonly kind: 'rate'; readonly atLeast: number }
  /** Ours is at most so much over the floor, in the line's unit. */
  | { readonly kind: 'over'; readonly atMost: number }
  /** Without a floor: bounds for the median and the 99th percentile. */
  | { readonly kind: 'bound'; readonly p50?: number; readonly p99?: number; readonly worst?: number };

/** One line of the table. */
export interface Line {
  readonly what: string;
  readonly unit: 'ms' | 's' | '/s' | 'MiB';
  readonly ours: Series;
  readonly floor: Series | null;
  readonly target: Target;
  /** How it was measured, where a reader would ask. */
  readonly note?: string;
}

/** Nearest rank; NaN when there is nothing. */
export function percentile(samples: readonly number[], p: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN;
}

export interface Judged {
  /** Ours by the floor's, or ours less the floor's; null where there is no floor. */
  readonly compared: number | null;
  readonly met: boolean;
}

export function judge({ ours, floor, target }: Line): Judged {
  const median = percentile(ours.samples, 50);
  const floorMedian = percentile(floor?.samples ?? [], 50);
  switch (target.kind) {
    case 'ratio': {
      const of = Number(target.of?.slice(1) ?? 50);
      const compared = percentile(ours.samples, of) / percentile(floor?.samples ?? [], of);
      return { compared, met: compared <= target.atMost };
    }
    case 'rate':
      return { compared: median / floorMedian, met: median / floorMedian >= target.atLeast };
    case 'over':
      return { compared: median - floorMedian, met: median - floorMedian <= target.atMost };
    case 'bound': {
      const { p50 = Infinity, p99 = Infinity, worst = Infinity } = target;
      const within = median <= p50 && percentile(ours.samples, 99) <= p99;
      return { compared: null, met: within && percentile(ours.samples, 100) <= worst };
    }
  }
}

/** One effort; gives its own figure, or nothing when the time it took is the figure. */
export type Effort = () => Promise<number | undefined>;

export interface Interleaving {
  readonly samples: number;
  /** Efforts at the start that are not counted. */
  readonly warmups?: number;
  readonly signal: AbortSignal;
}

/**
 * ABAB: what else happens on the machine meets both alike. Throws when an effort of either side fails at the very
 * first, for then nothing is measured; later failures are counted.
 */
export async function interleave<Name extends string>(
  sides: Readonly<Record<Name, Effort>>,
  { samples, warmups = 1, signal }: Interleaving,
): Promise<Readonly<Record<Name, Series>>> {
  const names = Object.keys(sides) as Name[];
  const taken = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  const failures = Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
  for (let round = -warmups; round < samples; round++) {
    for (const name of names) {
      signal.throwIfAborted();
      const start = performance.now();
      try {
        const figure = (await sides[name]()) ?? performance.now() - start;
        if (round >= 0) taken[name].push(figure);
      } catch (thrown) {
        if (signal.aborted || round < 1) throw thrown;
        failures[name]++;
      }
    }
  }
  return Object.fromEntries(
    names.map((name) => [name, { samples: taken[name], failures: failures[name] }]),
  ) as unknown as Record<Name, Series>;
}
