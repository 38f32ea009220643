/**
 * Each component of each lab has an origin of its own, `<lab>-<component>.<labs host>`: what a trainee's page does with
 * cookies, storage and scripts stays there, and never has an instructor's rights. Pure.
 */

export interface PageHost {
  readonly labId: string;
  /** The component's name as it stands in a host name. */
  readonly label: string;
}

const longestLabel = 63;
const labPart = /^(lab-[a-z2-9]{12})-([a-z0-9-]+)$/;

/** Host names know neither case nor `_`, nor the `:` of a place in a namespace. */
function labelOf(component: string): string {
  return component.toLowerCase().replaceAll(/[_:]/g, '-');
}

/** Null when the component's name is too long for a host name. */
export function hostOf(labId: string, component: string, labsHost: string): string | null {
  const label = `${labId}-${labelOf(component)}`;
  return label.length > longestLabel ? null : `${label}.${labsHost}`;
}

/** @param header of a request, with or without a port. Null for any other host. */
export function parseHost(header: string | undefined, labsHost: string): PageHost | null {
  const host = (header ?? '').toLowerCase().replace(/:\d{1,5}$/, '');
  if (!host.endsWith(`.${labsHost}`)) return null;
  const [, labId, label] = labPart.exec(host.slice(0, -labsHost.length - 1)) ?? [];
  return labId === undefined || label === undefined ? null : { labId, label };
}

/** The one component of this label; null when there is none, or when two share it. */
export function componentOf(label: string, components: readonly string[]): string | null {
  const [found, another] = components.filter((name) => labelOf(name) === label);
  return found === undefined || another !== undefined ? null : found;
}
