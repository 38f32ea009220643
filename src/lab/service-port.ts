/** A Service of a namespace and its port, as people write it: `dotmac-api:8000`. Pure. */
import { LabError } from './errors.ts';
import type { ServicePort } from './ports.ts';

const shape = /^([a-z](?:[a-z0-9-]{0,61}[a-z0-9])?):(\d{1,5})$/;

/** Null when it is none. */
export function readServicePort(text: string): ServicePort | null {
  const [, service, digits] = shape.exec(text) ?? [];
  const port = Number(digits);
  return service === undefined || port < 1 || port > 65_535 ? null : { service, port };
}

/** Throws LabError `bad_request` that names `field`. */
export function parseServicePort(text: string, field: string): ServicePort {
  const found = readServicePort(text);
  if (found !== null) return found;
  throw new LabError(
    'bad_request',
    `${field}: found "${text}"; allowed is the name of a Service and its port, such as web:80.`,
    { extra: { field } },
  );
}

export function servicePortText({ service, port }: ServicePort): string {
  return `${service}:${port}`;
}
