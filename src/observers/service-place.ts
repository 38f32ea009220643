/** Where a look goes: a component, or a Service in a component that is a namespace. */
import { z } from 'zod';
import type { LookContext, Value } from '../grading/types.ts';
import type { ComponentAccess, ServicePort } from '../lab/ports.ts';
import type { Json } from '../templates/types.ts';
import { askCluster } from './cluster.ts';
import { LookFailure } from './look.ts';

const portNumber = z.int().min(1).max(65_535);

/** Keys of every look and step that may go to a Service. */
export const serviceShape = {
  service: z
    .string()
    .min(1)
    .max(253)
    .optional()
    .describe('A Service in the namespace; needed where the component is one, and only there.'),
  port: z
    .union([portNumber, z.string().regex(/^\{\{[^{}]+\}\}$/, 'expected a number, or one {{ }}')])
    .optional()
    .describe('A port of the Service; absent: its only one.'),
};

/** For `refine`: a port without a Service would go nowhere. */
export const portGoesWithService = ({ service, port }: { service?: unknown; port?: unknown }): boolean =>
  port === undefined || service !== undefined;

export const portAlone = '"port" goes with "service"';

export interface Place {
  readonly component: string;
  readonly service?: string | undefined;
  readonly port?: number | string | undefined;
}

/** What a place asks of its component. @param kinds that can be asked where no Service is named. */
export function placed({ component, service }: Place, kinds: readonly ComponentAccess['kind'][]) {
  if (service === undefined) return { name: component, kinds };
  return { name: component, kinds: ['namespace'] as const, because: 'service' };
}

/** Where exactly a connection goes. */
export interface Door {
  readonly component: string;
  /** Null: the component itself. */
  readonly at: ServicePort | null;
}

/** @throws LookFailure when there is no such Service, or it has several ports and none is named; FillError */
export async function doorOf(
  { component, service: named, port }: Place,
  { sandbox, fill }: Pick<LookContext, 'sandbox' | 'fill'>,
  signal: AbortSignal,
): Promise<Door> {
  if (named === undefined) return { component, at: null };
  const service = fill.text(named);
  if (port !== undefined) return { component, at: { service, port: portOf(fill.value(port)) } };
  const query = { apiVersion: 'v1', kind: 'Service', name: service, limit: 1 };
  const [found] = await askCluster(
    sandbox,
    component,
    (cluster) => cluster.list(component, query, signal),
    signal,
  );
  if (found === undefined) throw noService(component, service);
  const ports = portsOf(found.spec);
  const [only, ...more] = ports;
  if (only !== undefined && more.length === 0) return { component, at: { service, port: only } };
  const reason = `The Service ${service} in ${component} has ${ports.length === 0 ? 'no port' : `the ports ${ports.join(', ')}, not one`}.`;
  throw new LookFailure('rejected', reason, reason);
}

export function noService(component: string, service: string): LookFailure {
  const reason = `There is no Service ${service} in ${component}.`;
  return new LookFailure('missing', reason, reason);
}

function portOf(value: Value): number {
  const port = portNumber.safeParse(typeof value === 'string' ? Number(value) : value);
  if (port.success) return port.data;
  throw new LookFailure('bug', 'This check is broken; that is not your doing.', `no port: ${String(value)}`);
}

function portsOf(spec: Json | undefined): readonly number[] {
  const ports = typeof spec === 'object' && spec !== null && !Array.isArray(spec) ? spec.ports : [];
  if (!Array.isArray(ports)) return [];
  return ports.flatMap((one) =>
    typeof one === 'object' && one !== null && !Array.isArray(one) && typeof one.port === 'number'
      ? [one.port]
      : [],
  );
}
