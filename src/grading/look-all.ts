/** Named looks of one check or step, observed side by side. */
import type { LookSpec, TemplateVersion } from '../templates/types.ts';
import type { LookContext, Observation, ObserverKind } from './types.ts';

/** Runs work when one of a bounded number of places is free. */
type Limiter = <T>(work: () => Promise<T>) => Promise<T>;

export interface Looking {
  readonly version: TemplateVersion;
  readonly observers: ReadonlyMap<string, ObserverKind>;
  readonly limiter: Limiter;
  /** Asked when a look starts, for the time that is left then. */
  readonly context: () => LookContext;
}

/** Observes each look. Rejects only on abort. */
export async function lookAll(
  looks: Readonly<Record<string, LookSpec>>,
  looking: Looking,
  signal: AbortSignal,
): Promise<Readonly<Record<string, Observation>>> {
  const seen = Object.entries(looks).map(async ([name, look]) => {
    const observation = await looking.limiter(() => observe(look, looking, signal));
    return [name, observation] as const;
  });
  return Object.fromEntries(await Promise.all(seen));
}

async function observe(
  { kind, spec }: LookSpec,
  looking: Looking,
  signal: AbortSignal,
): Promise<Observation> {
  signal.throwIfAborted();
  const observer = looking.observers.get(kind);
  const context = looking.context();
  if (observer === undefined) return unseen('bug', 'This check is broken.', `no observer ${kind}`);
  if (context.deadlineMs <= 0) {
    const reason = 'The time for grading was over before this was looked at.';
    return unseen('slow', reason, 'the deadline of the attempt');
  }
  const observation = await observer.observe(spec, context, signal);
  return ownedByTrainee(observation, observer, spec, looking.version);
}

/** A component in the trainee's own hands that cannot be reached is down because they took it down. */
function ownedByTrainee(
  observation: Observation,
  observer: ObserverKind,
  spec: LookSpec['spec'],
  { template }: TemplateVersion,
): Observation {
  if (observation.outcome === 'seen' || observation.problem !== 'backend_down') return observation;
  const theirs = observer
    .components(spec)
    .find(({ name }) => template.components[name]?.custody === 'trainee');
  if (theirs === undefined) return observation;
  return { ...observation, problem: 'refused', reason: `${theirs.name} cannot be reached: is it running?` };
}

function unseen(problem: 'bug' | 'slow', reason: string, internal: string): Observation {
  return { outcome: 'unseen', problem, reason, internal, at: new Date(), durationMs: 0 };
}
