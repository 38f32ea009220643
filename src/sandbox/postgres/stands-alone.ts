import type { ComponentSpec, PostgresComponent, TemplateVersion } from '../../templates/types.ts';

/** Whether this database has a server of the lab's own, where others share one. */
export function standsAlone({ template }: TemplateVersion, component: string): boolean {
  const spec = template.components[component];
  if (spec?.kind !== 'postgres') return false;
  if (needsOwnServer(spec)) return true;
  const isFollowed = (other: ComponentSpec) => other.kind === 'postgres' && other.replicaOf === component;
  return Object.values(template.components).some(isFollowed);
}

export function needsOwnServer(spec: PostgresComponent): boolean {
  return spec.traineeRole === 'superuser-own-server' || spec.archive || spec.replicaOf !== null;
}
