/** Waiting for a rollout as `kubectl rollout status` does. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ActionOutcome, Value } from '../grading/types.ts';
import type { KubernetesObject } from '../lab/namespaces.ts';
import type { Json } from '../templates/types.ts';
import { failed } from './act.ts';
import { type Acting, absent, child, find, ofKind } from './kubernetes-changes.ts';
import type { RolledSpec } from './kubernetes-spec.ts';

const pollMs = 250;
/** So much before the step's own end, so that it says what it waited for. */
const graceMs = 500;

export async function rollOut(asked: RolledSpec, acting: Acting, withinMs: number): Promise<ActionOutcome> {
  const { context, signal } = acting;
  const { fill, deadlineMs, waitLimitMs } = context;
  const most = Math.min(withinMs, deadlineMs, waitLimitMs);
  const until = performance.now() + Math.max(pollMs, most - graceMs);
  const ref = ofKind(asked.kind, fill.text(asked.name));
  for (;;) {
    const object = await find(ref, acting);
    if (object === null) return absent(ref);
    const progress = progressOf(ref.kind, object);
    if (progress.done) return { ok: true, value: { object: object as Value } };
    const what = `${ref.kind} ${ref.name} is not rolled out: ${progress.said}`;
    if (progress.stuck) return failed(`${what}.`);
    if (performance.now() > until) return failed(`${what} after ${Math.round(most / 100) / 10} s.`);
    await sleep(pollMs, undefined, { signal });
  }
}

interface Progress {
  readonly done: boolean;
  /** It will not come to an end by itself. */
  readonly stuck: boolean;
  readonly said: string;
}

/** What the controller says of an object of these kinds. */
export function progressOf(kind: string, object: KubernetesObject): Progress {
  const status = child(object, 'status');
  const count = (name: string) => numberOf(child(status, name), 0);
  const observed = count('observedGeneration');
  if (observed < numberOf(child(child(object, 'metadata'), 'generation'), 1)) {
    return { done: false, stuck: false, said: 'its change is not taken up yet' };
  }
  const wanted = kind === 'DaemonSet' ? count('desiredNumberScheduled') : replicasOf(object);
  const updated = kind === 'DaemonSet' ? count('updatedNumberScheduled') : updatedOf(kind, status, wanted);
  const available = kind === 'DaemonSet' ? count('numberAvailable') : count('availableReplicas');
  const old = kind === 'Deployment' ? Math.max(0, count('replicas') - updated) : 0;
  const done = updated >= wanted && available >= wanted && old === 0;
  const said = `of ${wanted} pods ${updated} are new, ${available} available, and ${old} old ones are left`;
  return { done, stuck: !done && deadlineExceeded(status), said };
}

function replicasOf(object: KubernetesObject): number {
  return numberOf(child(child(object, 'spec'), 'replicas'), 1);
}

/** A StatefulSet forgets how many are updated once all are. */
function updatedOf(kind: string, status: Json | undefined, wanted: number): number {
  const updated = numberOf(child(status, 'updatedReplicas'), 0);
  const same = child(status, 'currentRevision') === child(status, 'updateRevision');
  return kind === 'StatefulSet' && same ? wanted : updated;
}

function deadlineExceeded(status: Json | undefined): boolean {
  const conditions = child(status, 'conditions');
  return (
    Array.isArray(conditions) && conditions.some((one) => child(one, 'reason') === 'ProgressDeadlineExceeded')
  );
}

const numberOf = (value: Json | undefined, otherwise: number): number =>
  typeof value === 'number' ? value : otherwise;
