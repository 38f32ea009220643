import { readFileSync } from 'node:fs';

/** Whatever can run SQL: a pool, a client, a transaction. */
interface Sql {
  query(text: string): Promise<{ rows: Record<string, unknown>[] }>;
}

/** Whether DotMac's tables are in this database. Needs no rights beyond connecting. */
export async function schemaExists(sql: Sql): Promise<boolean> {
  const { rows } = await sql.query(`select to_regclass('public.customers') is not null as there`);
  return rows[0]?.there === true;
}

/** Creates the bare tables. Keys are added by {@link addKeys} once the data is in. */
export async function createTables(sql: Sql): Promise<void> {
  await sql.query(file('01-tables.sql'));
}

/** Adds keys, indexes and comments. */
export async function addKeys(sql: Sql): Promise<void> {
  await sql.query(file('02-keys.sql'));
  await sql.query(file('03-comments.sql'));
}

function file(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}
