/**
 * What every kind of look promises. A new kind passes this by giving good, hostile and endless targets of its own;
 * everything else about it is its own test's.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { LookContext, Observation, ObserverKind, Value, ValueType } from '../../src/grading/types.ts';
import { encode } from '../../src/grading/values/canonical.ts';
import { sealEvidence } from '../../src/grading/values/evidence.ts';

export interface Target {
  /** As an author writes it. */
  readonly spec: object;
  readonly context: LookContext;
}

export interface ObserverContract {
  readonly kind: ObserverKind;
  readonly good: () => Target;
  /** Targets that a trainee may have made; each must end as a value, and `unseen` as one of its problems. */
  readonly hostile: Readonly<Record<string, () => Target>>;
  /** A target that never answers; null for kinds that ask nobody. */
  readonly endless: (() => Target) | null;
  /** Strings that no reason may hold. */
  readonly secrets: () => readonly string[];
}

const graceMs = 1_000;
const memoryBytes = 64 * 1024 * 1024;
const evidenceBytes = 8 * 1024 * 1024;

export function observerContract(contract: ObserverContract): void {
  const { kind } = contract;
  const run = ({ spec, context }: Target, signal = AbortSignal.timeout(60_000)): Promise<Observation> =>
    kind.observe(kind.spec.parse(spec), context, signal);

  it('sees a good target as a value of its published type that can be recorded', async () => {
    const target = contract.good();
    const seen = await run(target);
    if (seen.outcome !== 'seen') throw new Error(`${seen.problem}: ${seen.internal}`);
    expect(mismatch(seen.value, kind.resultType(kind.spec.parse(target.spec)), 'value')).toBeNull();
    expect(sealEvidence(seen.value).bytes.byteLength).toBeLessThan(evidenceBytes);
  });

  it('has a spec that survives JSON and refuses unknown keys', () => {
    const { spec } = contract.good();
    const parsed = kind.spec.parse(spec);
    expect(JSON.parse(JSON.stringify(parsed))).toEqual(parsed);
    expect(kind.spec.safeParse({ ...spec, unknownKey: 1 }).success).toBe(false);
  });

  for (const [name, target] of Object.entries(contract.hostile)) {
    it(`bounds what it costs when the target ${name}`, async () => {
      const { spec, context } = target();
      const look = async () => {
        const before = process.memoryUsage().rss;
        const start = performance.now();
        const seen = await run({ spec, context: { ...context, deadlineMs: 2_000 } });
        return { seen, ms: performance.now() - start, bytes: process.memoryUsage().rss - before };
      };
      const isBounded = ({ ms, bytes }: Awaited<ReturnType<typeof look>>) =>
        ms < 2_000 + graceMs && bytes < memoryBytes;
      // The hostile side lives in this process too, and the machine may be busy: what a look costs is the least of three.
      let looked = await look();
      for (let more = 2; more > 0 && !isBounded(looked); more -= 1) looked = await look();
      expect(looked.ms).toBeLessThan(2_000 + graceMs);
      expect(looked.bytes).toBeLessThan(memoryBytes);
      const { seen } = looked;
      if (seen.outcome === 'seen') {
        expect(encode(seen.value).byteLength).toBeLessThan(evidenceBytes);
        return;
      }
      expect(seen.problem).not.toBe('bug');
      expect(seen.reason).toMatch(/^[^\n]{10,300}[.?]$/);
      for (const secret of contract.secrets()) expect(seen.reason).not.toContain(secret);
    });
  }

  it('does not start when it is aborted before', async () => {
    await expect(run(contract.good(), AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
  });

  const { endless } = contract;
  if (endless === null) return;

  it('ends at the deadline that it is given', async () => {
    const { spec, context } = endless();
    const start = performance.now();
    const seen = await run({ spec, context: { ...context, deadlineMs: 300 } });
    expect(seen).toMatchObject({ outcome: 'unseen', problem: 'slow' });
    expect(performance.now() - start).toBeLessThan(300 + graceMs);
  });

  it('honours an abort at once', async () => {
    const stop = new AbortController();
    const seen = run(endless(), stop.signal);
    const rejected = expect(seen).rejects.toThrow('stop');
    await sleep(250);
    const start = performance.now();
    stop.abort(new Error('stop'));
    await rejected;
    expect(performance.now() - start).toBeLessThan(graceMs);
  });
}

/** Where a value is not of its type, or null. */
function mismatch(value: Value, type: ValueType, at: string): string | null {
  const wrong = `${at} is not ${type.is}`;
  switch (type.is) {
    case 'dyn':
      return null;
    case 'null':
      return value === null ? null : wrong;
    case 'timestamp':
      return value instanceof Date ? null : wrong;
    case 'bytes':
      return value instanceof Uint8Array ? null : wrong;
    case 'bool':
      return typeof value === 'boolean' ? null : wrong;
    case 'list':
      if (!Array.isArray(value)) return wrong;
      return first(value.map((item, n) => mismatch(item, type.of, `${at}[${n}]`)));
    case 'map':
      if (!isRecord(value)) return wrong;
      return first(Object.entries(value).map(([key, item]) => mismatch(item, type.of, `${at}.${key}`)));
    case 'object': {
      if (!isRecord(value)) return wrong;
      const keys = Object.keys(type.fields).sort();
      // What may be absent is published as dyn, and asked for with has().
      const needed = keys.filter((key) => type.fields[key]?.is !== 'dyn' || key in value);
      if (Object.keys(value).sort().join() !== needed.join())
        return `${at} has ${Object.keys(value)}, not ${keys}`;
      return first(
        Object.entries(type.fields).map(([key, field]) =>
          mismatch(value[key] ?? null, field, `${at}.${key}`),
        ),
      );
    }
    default:
      return typeof value === type.is ? null : wrong;
  }
}

function first(found: readonly (string | null)[]): string | null {
  return found.find((one) => one !== null) ?? null;
}

function isRecord(value: Value): value is { readonly [key: string]: Value } {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array)
  );
}
