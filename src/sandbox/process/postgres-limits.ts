/** What of a database cannot be had where all labs share one server. */
import type { PostgresComponent } from '../../templates/types.ts';
import { refusedExtensions } from './extensions.ts';

/** A sentence each. */
export function lacksOfPostgres(component: string, spec: PostgresComponent): readonly string[] {
  const needsOwnServer = (what: string) =>
    `Component "${component}" ${what}, which needs a PostgreSQL server of the lab's own; here all labs share one.`;
  return [
    ...(spec.traineeRole === 'superuser-own-server' ? [needsOwnServer('makes the trainee a superuser')] : []),
    ...(spec.replicaOf === null ? [] : [needsOwnServer(`is a replica of "${spec.replicaOf}"`)]),
    ...(spec.archive ? [needsOwnServer('archives its WAL')] : []),
    ...refusedExtensions(spec.extensions),
  ];
}
