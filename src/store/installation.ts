/** Which installation this database belongs to: every resource on every backend carries its id. */
import type pg from 'pg';
import { createDatabase } from './database.ts';

export interface Installation {
  readonly id: string;
  readonly createdAt: Date;
}

/** Over a migrated database. */
export async function readInstallation(pool: pg.Pool): Promise<Installation> {
  const [row] = await createDatabase(pool).query<Installation & object>({
    text: 'select id, created_at as "createdAt" from installation',
  });
  if (row === undefined) throw new Error('the installation row is gone: restore the database from a backup');
  return row;
}
