/** Where a look goes: a component, or a Service in a component that is a namespace. */
import { z } from 'zod';
import type { Filler, Value } from '../grading/types.ts';
import type { ComponentAccess, ServicePlace } from '../lab/ports.ts';
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
  readonly at: ServicePlace | null;
}

/** @throws LookFailure for a port that is none; FillError */
export function doorOf({ component, service, port }: Place, fill: Filler): Door {
  if (service === undefined) return { component, at: null };
  const value = port === undefined ? null : fill.value(port);
  return { component, at: { service: fill.text(service), port: value === null ? null : portOf(value) } };
}

function portOf(value: Value): number {
  const port = portNumber.safeParse(typeof value === 'string' ? Number(value) : value);
  if (port.success) return port.data;
  throw new LookFailure('bug', 'This check is broken; that is not your doing.', `no port: ${String(value)}`);
}
