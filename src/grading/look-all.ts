/** Named looks of one check or step, observed side by side. */
import { LabError } from '../lab/errors.ts';
import type { ComponentSpec, LookSpec, TemplateVersion } from '../templates/types.ts';
import { LookFailure } from './look-failure.ts';
import type { LookContext, LookProblem, Observation, ObserverKind } from './types.ts';

/** What a timer can count, in milliseconds. */
const longestTimer = 2 ** 31 - 1;

/** Runs work when one of a bounded number of places is free. */
export type Limiter = <T>(work: () => Promise<T>) => Promise<T>;

export interface Looking {
  readonly version: TemplateVersion;
  readonly observers: ReadonlyMap<string, ObserverKind>;
  readonly limiter: Limiter;
  /** Asked when a look starts, for the time that is left then. */
  readonly context: () => LookContext;
  /** Why a component does not serve, in words for the trainee; null when nothing is known. Never throws. */
  readonly whyDown?: (component: string, signal: AbortSignal) => Promise<string | null>;
}

export type Seen = Readonly<Record<string, Observation>>;

/** Observes each look. Rejects only on abort. */
export async function lookAll(
  looks: Readonly<Record<string, LookSpec>>,
  looking: Looking,
  signal: AbortSignal,
): Promise<Seen> {
  const seen = Object.entries(looks).map(
    async ([name, look]) => [name, await observe(look, looking, signal)] as const,
  );
  return Object.fromEntries(await Promise.all(seen));
}

/** Observes one look on both, in turns where the observer can. Rejects only on abort. */
export async function lookBeside(
  look: LookSpec,
  both: readonly [Looking, Looking],
  signal: AbortSignal,
): Promise<readonly [Observation, Observation]> {
  const [one, other] = both;
  const observer = one.observers.get(look.kind);
  const contexts = [one.context(), other.context()] as const;
  if (observer?.observeBeside === undefined || look.at !== undefined || contexts[0].deadlineMs <= 0) {
    return [await observe(look, one, signal), await observe(look, other, signal)];
  }
  const [first, second] = await observer.observeBeside(look.spec, contexts, signal);
  return [
    await ownedByTrainee(first, observer, look.spec, one, signal),
    await ownedByTrainee(second, observer, look.spec, other, signal),
  ];
}

async function observe(look: LookSpec, looking: Looking, signal: AbortSignal): Promise<Observation> {
  const observer = looking.observers.get(look.kind);
  if (observer === undefined) return unseen('bug', 'This check is broken.', `no observer ${look.kind}`);
  const there = look.at === undefined ? null : await referenced(look, look.at, observer, looking, signal);
  if (there !== null && 'outcome' in there) return there;
  return looking.limiter(async () => {
    signal.throwIfAborted();
    const context = looking.context();
    if (context.deadlineMs <= 0) {
      const reason = 'The time for grading was over before this was looked at.';
      return unseen('slow', reason, 'the deadline of the attempt');
    }
    if (there !== null) return observer.observe(look.spec, { ...context, sandbox: there.sandbox }, signal);
    const observation = await observer.observe(look.spec, context, signal);
    return ownedByTrainee(observation, observer, look.spec, looking, signal);
  });
}

/** The lab as it was: making it again is our work, so that it takes no look's place and is never the trainee's fault. */
async function referenced(
  { kind, spec }: LookSpec,
  at: string,
  observer: ObserverKind,
  { context }: Looking,
  signal: AbortSignal,
): Promise<Pick<LookContext, 'sandbox'> | Observation> {
  if (observer.atReference !== true)
    return unseen('bug', 'This check is broken.', `${kind} cannot look at ${at}`);
  const names = observer.components(spec).map(({ name }) => name);
  try {
    const { records, deadlineMs } = context();
    // What is made goes on: others may have more time for it.
    return { sandbox: await orLate(records.reference(at, names, signal), deadlineMs) };
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof LookFailure) return unseen(thrown.problem, thrown.reason, thrown.message);
    const code = thrown instanceof LabError ? `${thrown.code}: ` : '';
    const internal = `${at} could not be made: ${code}${thrown instanceof Error ? thrown.message : String(thrown)}`;
    return unseen('untried', 'What it was like before could not be looked at.', internal);
  }
}

/** Throws LabError `timed_out` when it takes longer. */
async function orLate<T>(work: Promise<T>, ms: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new LabError('timed_out', 'It was not there in time.')),
    Math.min(Math.max(0, ms), longestTimer),
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A component in the trainee's own hands that cannot be reached is down because they took it down. */
async function ownedByTrainee(
  observation: Observation,
  observer: ObserverKind,
  spec: LookSpec['spec'],
  { version, whyDown }: Looking,
  signal: AbortSignal,
): Promise<Observation> {
  if (observation.outcome === 'seen') return observation;
  if (observation.problem !== 'backend_down' && observation.problem !== 'refused') return observation;
  const { components } = version.template;
  const theirs = observer.components(spec).find(({ name }) => isTheirs(components[name]));
  if (theirs === undefined) return observation;
  const why = (await whyDown?.(theirs.name, signal)) ?? null;
  if (why === null && observation.problem === 'refused') return observation;
  const reason = why ?? `${theirs.name} cannot be reached: is it running?`;
  return { ...observation, problem: 'refused', reason };
}

/** Whether what a component does is the trainee's: it is in their hands, or runs from their files. */
export function isTheirs(spec: ComponentSpec | undefined): boolean {
  // Of a namespace the cluster itself is asked: where that is silent it is never the trainee.
  if (spec?.kind === 'namespace') return false;
  if (spec?.custody === 'trainee') return true;
  return (spec?.kind === 'sample-api' || spec?.kind === 'service') && spec.source !== null;
}

export function unseen(
  problem: LookProblem,
  reason: string,
  internal: string,
): Observation & { outcome: 'unseen' } {
  return { outcome: 'unseen', problem, reason, internal, at: new Date(), durationMs: 0 };
}
