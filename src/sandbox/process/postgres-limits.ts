/** What of a database cannot be had on this machine, where a server of a lab's own is looked after by what /proc says. */
import { existsSync } from 'node:fs';
import type { PostgresComponent } from '../../templates/types.ts';
import { refusedExtensions } from '../postgres/extensions.ts';
import { needsOwnServer } from '../postgres/stands-alone.ts';

/** A sentence each. */
export function lacksOfPostgres(component: string, spec: PostgresComponent): readonly string[] {
  const blind = needsOwnServer(spec) && !existsSync('/proc/self/cwd');
  const sentence = `Component "${component}" needs a PostgreSQL server of the lab's own, which is to be had on Linux only.`;
  return [...(blind ? [sentence] : []), ...refusedExtensions(spec.extensions)];
}
