/** What every resource of a sandbox carries, so that it is found again whatever happened to its maker. */
import type { ResourceRef } from './naming.ts';

export interface Labels extends ResourceRef {
  readonly installationId: string;
}

/** The environment variable that marks a child process of a sandbox. */
export const labelVariable = 'LABWRIGHT_RESOURCE';

/** One line; the parts are percent-encoded, so any id survives. */
export function encodeLabels(labels: Labels): string {
  const { installationId, sandboxId, component, generation } = labels;
  return [installationId, sandboxId, component, generation].map(encodeURIComponent).join('/');
}

/** Null when it is not what `encodeLabels` writes. */
export function decodeLabels(line: string): Labels | null {
  const [installationId, sandboxId, component, generation, ...more] = line.split('/').map(decode);
  if (!installationId || !sandboxId || !component || !/^\d+$/.test(generation ?? '') || more.length > 0)
    return null;
  return { installationId, sandboxId, component, generation: Number(generation) };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}
