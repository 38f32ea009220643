/** Removes a namespace and waits until all of it is gone. */
import { setTimeout as delay } from 'node:timers/promises';
import type { V1Namespace } from '@kubernetes/client-node';
import { LabError } from '../../../lab/errors.ts';
import type { Cluster } from '../types.ts';

/** The cluster's own controller lets 5 s pass on purpose, and pods have their grace. */
const withinMs = 90_000;
const lookMs = 250;

/** What is absent is a success. Throws LabError `timed_out` that says what holds it. */
export async function endNamespace(cluster: Cluster, name: string, signal: AbortSignal): Promise<void> {
  const at = { apiVersion: 'v1', kind: 'Namespace', name };
  await cluster.remove(at, {}, signal);
  const until = performance.now() + withinMs;
  for (;;) {
    const there = await cluster.read<V1Namespace>(at, signal);
    if (there === null) return;
    if (performance.now() > until) throw stuck(name, there);
    await delay(lookMs, undefined, { signal });
  }
}

function stuck(name: string, { status, metadata, spec }: V1Namespace): LabError {
  const told = (status?.conditions ?? []).filter((one) => one.status === 'True').map((one) => one.message);
  const own = [...(metadata?.finalizers ?? []), ...(spec?.finalizers ?? [])].join(', ');
  const why = told.join(' ') || `its finalizers are ${own}.`;
  return new LabError('timed_out', `The namespace ${name} is still being removed: ${why}`);
}
