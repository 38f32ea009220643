/** Looks side by side: named looks of one check or step, observed at once and bounded. */
import type { LookSpec } from '../templates/types.ts';
import type { LookContext, Observation, ObserverKind } from './types.ts';

/** Runs work when one of a bounded number of places is free. */
export type Limiter = <T>(work: () => Promise<T>) => Promise<T>;

/** Observes each look. Rejects only on abort. `context` is asked when a look starts, for the time that is left then. */
export async function lookAll(
  looks: Readonly<Record<string, LookSpec>>,
  observers: ReadonlyMap<string, ObserverKind>,
  limiter: Limiter,
  context: () => LookContext,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Observation>> {
  const seen = await Promise.all(
    Object.entries(looks).map(async ([name, { kind, spec }]) => {
      const observation = await limiter(() => observe(kind, spec, observers, context(), signal));
      return [name, observation] as const;
    }),
  );
  return new Map(seen);
}

async function observe(
  kind: string,
  spec: LookSpec['spec'],
  observers: ReadonlyMap<string, ObserverKind>,
  context: LookContext,
  signal: AbortSignal,
): Promise<Observation> {
  const observer = observers.get(kind);
  if (observer !== undefined && context.deadlineMs > 0) return observer.observe(spec, context, signal);
  signal.throwIfAborted();
  const at = new Date();
  if (observer === undefined) {
    const reason = 'This check is broken; that is not your doing.';
    return { outcome: 'unseen', problem: 'bug', reason, internal: `no observer ${kind}`, at, durationMs: 0 };
  }
  const reason = 'The time for grading was over before this was looked at.';
  return { outcome: 'unseen', problem: 'slow', reason, internal: 'attempt deadline', at, durationMs: 0 };
}
