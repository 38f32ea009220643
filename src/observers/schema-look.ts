/** Reads what is defined in a database, in one statement and so at one moment. */
import type { LookContext, Value } from '../grading/types.ts';
import { type DatabasePlace, databaseOf } from './database-place.ts';
import type { SchemaSpec } from './schema.ts';
import { schemaQuery, schemaSections } from './schema-query.ts';
import { tooLarge } from './sql-failure.ts';
import { readRows } from './sql-look.ts';
import { readAsChecker } from './sql-reading.ts';

export type SchemaSeen = Readonly<Record<string, readonly { readonly [field: string]: Value }[]>>;

/** So many of one sort at most. */
const mostOfOneSort = 3_000;

/** Definitions are written with the schema of every name. @throws LookFailure */
export function seeSchema(
  asked: DatabasePlace & Pick<SchemaSpec, 'schemas' | 'tables' | 'timeout'>,
  { sandbox, fill, deadlineMs }: Pick<LookContext, 'sandbox' | 'fill' | 'deadlineMs'>,
  signal: AbortSignal,
): Promise<SchemaSeen> {
  const filled = (names: readonly string[]) => names.map((name) => fill.text(name));
  const tables = asked.tables === undefined ? null : filled(asked.tables);
  const reading = {
    own: databaseOf(asked, fill),
    sandbox,
    component: asked.component,
    budgetMs: Math.min(asked.timeout, deadlineMs),
    // Nothing of the trainee's is in the path: neither functions nor operators can stand in for the database's own.
    settings: { search_path: 'pg_catalog' },
  };
  const work = async ({ client }: { client: Parameters<typeof readRows>[0] }): Promise<SchemaSeen> => {
    const { rows } = await readRows(client, schemaQuery(mostOfOneSort + 1), [filled(asked.schemas), tables]);
    const found = rows[0] ?? {};
    const sections = schemaSections.map((name) => [name, listOf(found[name] ?? null, name)] as const);
    return Object.fromEntries(sections);
  };
  return readAsChecker(reading, work, signal);
}

function listOf(value: Value, name: string): SchemaSeen[string] {
  const found = Array.isArray(value) ? (value as SchemaSeen[string]) : [];
  if (found.length > mostOfOneSort) throw tooLarge(`more than ${mostOfOneSort} ${name}`);
  return found;
}
