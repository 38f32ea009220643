/** Two schemas, compared by the names of what is defined in them. */
import type { LookContext, Value } from '../grading/types.ts';
import type { Compared } from './baseline.ts';
import { atStart } from './baseline-start.ts';
import { matchesAny } from './name-pattern.ts';
import { type SchemaSeen, seeSchema } from './schema-look.ts';
import { type SchemaSection, schemaSections } from './schema-query.ts';

export interface Difference {
  readonly [key: string]: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** What changes by itself, in the life of a database that nobody redefined. */
const passing: Readonly<Record<string, readonly string[]>> = { tables: ['rows'], indexes: ['size'] };

/** @throws LookFailure */
export async function compareSchemas(
  asked: Compared,
  [start, now]: readonly [start: LookContext, now: LookContext],
  signal: AbortSignal,
): Promise<Value> {
  const wanted = { ...asked, tables: undefined };
  const [before, after] = await Promise.all([
    atStart(seeSchema(wanted, start, signal)),
    seeSchema(wanted, now, signal),
  ]);
  const sections = schemaSections.map((section) => [
    section,
    difference(named(before, section, asked.ignore), named(after, section, asked.ignore)),
  ]);
  return Object.fromEntries(sections);
}

/** Sorted names; what has the same name on both sides and another value is changed. */
export function difference(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): Difference {
  const added = [...after.keys()].filter((name) => !before.has(name));
  const removed = [...before.keys()].filter((name) => !after.has(name));
  const changed = [...after].filter(([name, is]) => before.has(name) && before.get(name) !== is);
  return { added: added.sort(), removed: removed.sort(), changed: changed.map(([name]) => name).sort() };
}

/** Name → definition. */
function named(
  seen: SchemaSeen,
  section: SchemaSection,
  ignore: readonly string[],
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const row of seen[section] ?? []) {
    const name = nameOf(section, row);
    if (matchesAny(ignore, name) || matchesAny(ignore, String(row.table ?? ''))) continue;
    const facts = Object.entries(row).filter(([field]) => passing[section]?.includes(field) !== true);
    found.set(name, JSON.stringify(facts));
  }
  return found;
}

/** `services`, `services.customer_id`, `services_pkey`, `twice(integer)`; with its schema where that is not public. */
function nameOf(section: SchemaSection, row: { readonly [field: string]: Value }): string {
  const [name, table] = [String(row.name), String(row.table)];
  const said = {
    columns: `${table}.${name}`,
    triggers: `${table}.${name}`,
    policies: `${table}.${name}`,
    constraints: `${table}.${name}`,
    functions: `${name}(${row.arguments})`,
  };
  const whole = Object.hasOwn(said, section) ? said[section as keyof typeof said] : name;
  return row.schema === 'public' || section === 'extensions' ? whole : `${row.schema}.${whole}`;
}
