/** Connections to Services of a trainee's namespace: to one of the pods that are ready behind it. */
import type { Duplex } from 'node:stream';
import type { V1Service } from '@kubernetes/client-node';
import { LabError } from '../../../lab/errors.ts';
import type { ServicePlace } from '../../../lab/ports.ts';
import type { Cluster, PodDial } from '../types.ts';

export interface Slice {
  readonly ports?:
    | readonly { readonly name?: string; readonly port?: number; readonly protocol?: string }[]
    | null;
  readonly endpoints?:
    | readonly {
        readonly conditions?: { readonly ready?: boolean };
        readonly targetRef?: { readonly kind?: string; readonly name?: string; readonly namespace?: string };
      }[]
    | null;
}

export interface ServicePods {
  readonly pod: string;
  readonly port: number;
}

/**
 * Throws LabError `backend_unavailable` whose `extra.reason` is `no_such_name` when there is no such Service, and
 * `refused` when nobody is ready behind it, it has no such port, or several where none is named.
 */
export async function dialService(
  { cluster, dial }: { readonly cluster: Cluster; readonly dial: PodDial },
  namespace: string,
  { service, port: asked }: ServicePlace,
  signal: AbortSignal,
): Promise<Duplex> {
  const at = { apiVersion: 'v1', kind: 'Service', namespace, name: service };
  const selector = `kubernetes.io/service-name=${service}`;
  const slices = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace, selector };
  const [there, found] = await Promise.all([
    cluster.read<V1Service>(at, signal),
    cluster.list<Slice>(slices, signal),
  ]);
  if (there === null) throw refusal('no_such_name', `There is no Service "${service}".`);
  const known = (there.spec?.ports ?? []).map((one) => one.port);
  const port = asked ?? (known.length === 1 ? known[0] : undefined);
  if (port === undefined || !known.includes(port)) {
    const wanted = asked === null ? 'not one port that could be meant' : `no port ${asked}`;
    throw refusal('refused', `Service "${service}" has ${wanted}; it has: ${known.join(', ') || 'none'}.`);
  }
  const pods = podsBehind(there, found, port, namespace);
  const chosen = pods[Math.floor(Math.random() * pods.length)];
  if (chosen === undefined) throw refusal('refused', `No pod is ready behind Service "${service}".`);
  return dial.dial(namespace, chosen.pod, chosen.port, signal);
}

/** Those that the cluster itself would lead a connection to. Pure. */
export function podsBehind(
  { spec }: V1Service,
  slices: readonly Slice[],
  port: number,
  namespace: string,
): readonly ServicePods[] {
  const name = spec?.ports?.find((one) => one.port === port)?.name ?? '';
  return slices.flatMap(({ ports, endpoints }) => {
    const target = ports?.find((one) => (one.name ?? '') === name)?.port;
    if (target === undefined) return [];
    return (endpoints ?? []).flatMap(({ conditions, targetRef }) => {
      const isPod = targetRef?.kind === 'Pod' && (targetRef.namespace ?? namespace) === namespace;
      if (conditions?.ready === false || !isPod || targetRef.name === undefined) return [];
      return [{ pod: targetRef.name, port: target }];
    });
  });
}

const refusal = (reason: string, text: string) =>
  new LabError('backend_unavailable', text, { extra: { reason } });
