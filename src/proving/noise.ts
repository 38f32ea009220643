/** Expectations about times, judged again over the same record with all times a little longer and a little shorter. */
import type { Outcome } from '../grading/expression/outcome.ts';
import type { Judge } from '../grading/judge/thread.ts';
import type { Observation, Scope, Value } from '../grading/types.ts';
import type { ExpectationSpec } from '../templates/types.ts';
import type { Judged } from './cells.ts';
import type { Finding } from './facts.ts';

const times: ReadonlySet<string> = new Set(['durationMs', 'p50', 'p95', 'p99']);
const rates: ReadonlySet<string> = new Set(['rps']);
/** What `beside` shows of the untouched start: it is the other side, so that noise may go the other way there. */
const otherSide = 'start';

/** What noise would decide. Rejects only on abort. */
export async function noiseFindings(
  judge: Pick<Judge, 'evaluate'>,
  judged: Judged,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  for (const { basis } of judged) {
    if (basis === null) continue;
    for (const expectation of basis.check.expect) {
      const { noise } = expectation;
      if (noise === undefined) continue;
      const sources = [expectation.that, ...expectation.partial.map(({ that }) => that)];
      const judgeWith = async (factor: number, other: number) => {
        const scope = { ...basis.scope, ...seen(basis.observations, factor, other) };
        return (await judge.evaluate({ sources, scope }, signal)).map(known);
      };
      const [is, longer, shorter] = [
        await judgeWith(1, 1),
        await judgeWith(1 + noise, 1 - noise),
        await judgeWith(1 - noise, 1 + noise),
      ];
      const at = sources.findIndex((_, nth) => is[nth] !== longer[nth] || is[nth] !== shorter[nth]);
      if (at < 0) continue;
      const message = describe(expectation, sources[at] ?? '', is[at] !== longer[at]);
      found.push({ code: 'timing-inside-band', check: basis.check.id, message });
    }
  }
  return found;
}

function describe({ noise = 0 }: ExpectationSpec, source: string, isLonger: boolean): string {
  const percent = `${Math.round(noise * 100)}%`;
  return `“${source}” would be otherwise with times ${percent} ${isLonger ? 'longer' : 'shorter'}`;
}

const known = (outcome: Outcome) => (outcome.kind === 'value' ? outcome.value : outcome.kind);

function seen(observations: Readonly<Record<string, Observation>>, factor: number, other: number): Scope {
  const values: Record<string, Value> = {};
  for (const [name, one] of Object.entries(observations)) {
    if (one.outcome === 'seen') values[name] = scaled(one.value, factor, other);
  }
  return values;
}

/** The value with its times multiplied and its rates divided; below `start` by the other factor. Pure. */
export function scaled(value: Value, factor: number, other: number): Value {
  if (Array.isArray(value)) return value.map((one: Value) => scaled(one, factor, other));
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]): [string, Value] => {
      if (typeof one === 'number' && times.has(key)) return [key, one * factor];
      if (typeof one === 'number' && rates.has(key)) return [key, one / factor];
      return [key, key === otherSide ? scaled(one, other, factor) : scaled(one, factor, other)];
    }),
  );
}

function isFields(value: Value): value is { readonly [key: string]: Value } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !(value instanceof Date) && !(value instanceof Uint8Array);
}
