/** One sample of a watch: a look, and whether it is good. What we could not see through our own doing is no sample. */
import type { Snapshot } from '../../lab/ports.ts';
import type { Json, WatchSpec } from '../../templates/types.ts';
import type { Judge } from '../judge/thread.ts';
import { type Looking, lookAll } from '../look-all.ts';
import { isOurs } from '../record.ts';
import type { Observation, Value } from '../types.ts';
import type { Sample } from './run-buffer.ts';

export interface SampleDeps {
  readonly judge: Pick<Judge, 'evaluate'>;
  readonly looking: Looking;
  readonly params: Readonly<Record<string, Json>>;
}

export interface Taken extends Pick<Sample, 'good' | 'value' | 'detail'> {
  /** Something that worked gave an answer; false: it may have stood still for our copying. */
  readonly answered: boolean;
}

/** Null when our own fault kept us from looking. Rejects only on abort. */
export async function takeSample(
  watch: WatchSpec,
  deps: SampleDeps,
  signal: AbortSignal,
): Promise<Taken | null> {
  const { it } = await lookAll({ it: watch.look }, deps.looking, signal);
  if (it === undefined || isOurs(it)) return null;
  if (it.outcome === 'unseen') {
    return { good: false, value: null, detail: it.reason, answered: false };
  }
  const scope = { params: deps.params, it: it.value };
  const [outcome] = await deps.judge.evaluate({ sources: [watch.good], scope }, signal);
  const good = outcome?.kind === 'value' && outcome.value === true;
  const detail = good ? null : 'It was not as it should be.';
  return { good, value: small(it), detail, answered: !isServerError(it.value) };
}

/**
 * Whether a sample that was not good may have met a reset or a pause instead of what the trainee made: then it says nothing.
 * @param looked the lab as it was when it was looked at
 */
export function metReset(looked: Snapshot, now: Snapshot, components: readonly string[]): boolean {
  if (now.lab?.phase === 'paused' || now.lab?.phase === 'resuming') return true;
  if (now.sandbox === null || looked.sandbox?.id !== now.sandbox.id) return true;
  return components.some((name) => {
    const row = now.sandbox?.components[name];
    return (
      row === undefined ||
      row.generation !== looked.sandbox?.components[name]?.generation ||
      row.servedGeneration < row.generation
    );
  });
}

/** What a program says whose database stands still. */
function isServerError(value: Value): boolean {
  const status = value !== null && typeof value === 'object' && 'status' in value ? value.status : null;
  return typeof status === 'number' && status >= 500;
}

const longestText = 100;
const mostFields = 12;

/** What people want to see of a sample: its plain values, not whole pages or tables. */
function small({ value }: Observation & { readonly outcome: 'seen' }): Json {
  if (value === null || typeof value !== 'object') return plain(value) ?? null;
  const fields = Object.entries(value).flatMap(([name, field]): [string, Json][] => {
    const shown = plain(field);
    return shown === undefined ? [] : [[name, shown]];
  });
  return Object.fromEntries(fields.slice(0, mostFields));
}

function plain(value: Value): Json | undefined {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value;
  return typeof value === 'string' && value.length <= longestText ? value : undefined;
}
