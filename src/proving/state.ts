/**
 * What a lab is, as hashes: rows of every table as an unordered sum, definitions, every file of its workspaces, and what
 * the objects of its namespaces ask for. Only what the API notes of its own use is left out: it notes the grader's
 * requests too, as the grader's.
 */
import { createHash } from 'node:crypto';
import type { SandboxHandle, Value } from '../grading/types.ts';
import { createFiller } from '../grading/values/fill.ts';
import { LookFailure } from '../observers/look.ts';
import { matchesAny } from '../observers/name-pattern.ts';
import { seeSchema } from '../observers/schema-look.ts';
import { readRows } from '../observers/sql-look.ts';
import { readAsChecker } from '../observers/sql-reading.ts';
import type { Template } from '../templates/types.ts';
import { namespaceState } from './namespace-state.ts';

/** By `database schema.table`, by `shell path` and by `namespace Kind name`, or by component where nothing of it can be told; null: it could not be seen, for it is stopped or changes hands. */
export type LabState = ReadonlyMap<string, string | null>;

const withinMs = 60_000;
const files = { glob: '**', maxFiles: 5_000, maxBytesEach: 5 * 1024 * 1024 };
const leftByTools = [
  'node_modules/**',
  '**/node_modules/**',
  '.git/**',
  '**/.git/**',
  '.*_history',
  '.lesshst',
];
/** What changes by itself in a database that nobody redefines. */
const passing: Readonly<Record<string, readonly string[]>> = { tables: ['rows'], indexes: ['size'] };

const tablesQuery = `
  select schemaname as schema, format('%I.%I', schemaname, tablename) as table from pg_tables
  where schemaname not in ('information_schema', 'observability') and schemaname not like 'pg\\_%' order by 2`;
const rowsQuery = (table: string) => `
  select count(*)::text as n, sum(('x' || substr(md5(t::text), 1, 15))::bit(60)::bigint)::text as sum from ${table} t`;

/** Rejects only on abort. */
export async function stateOf(
  sandbox: SandboxHandle,
  template: Template,
  signal: AbortSignal,
): Promise<LabState> {
  const state = new Map<string, string | null>();
  const within = AbortSignal.any([signal, AbortSignal.timeout(2 * withinMs)]);
  const note = async (name: string, see: () => Promise<void>) => {
    try {
      await see();
    } catch {
      signal.throwIfAborted();
      state.set(name, null);
    }
  };
  for (const [name, { kind }] of Object.entries(template.components)) {
    if (kind === 'postgres') await note(name, () => noteDatabase(state, sandbox, name, within));
    if (kind === 'namespace') await note(name, () => noteObjects(state, sandbox, name, within));
    if (kind === 'shell') await note(name, () => noteFiles(state, sandbox, name, within));
  }
  return state;
}

async function noteDatabase(
  state: Map<string, string | null>,
  sandbox: SandboxHandle,
  component: string,
  signal: AbortSignal,
): Promise<void> {
  const settings = { search_path: 'pg_catalog' };
  const ask = (query: string) =>
    readAsChecker(
      { sandbox, component, budgetMs: withinMs, settings },
      async ({ client }) => (await readRows(client, query, [])).rows,
      signal,
    );
  const tables = await ask(tablesQuery);
  for (const { table } of tables) {
    const key = `${component} ${table}`;
    try {
      const [row] = await ask(rowsQuery(String(table)));
      state.set(key, `${row?.n} ${row?.sum}`);
    } catch (error) {
      if (!(error instanceof LookFailure)) throw error;
      state.set(key, null);
    }
  }
  const schemas = [...new Set(tables.map(({ schema }) => String(schema)))];
  if (schemas.length === 0) return;
  const context = { sandbox, fill: createFiller({}, { missing: 'throw' }), deadlineMs: withinMs };
  const seen = await seeSchema({ component, schemas, tables: undefined, timeout: withinMs }, context, signal);
  for (const [section, rows] of Object.entries(seen)) {
    state.set(`${component} ${section}`, hashOf(JSON.stringify(rows.map((row) => lasting(section, row)))));
  }
}

function lasting(section: string, row: { readonly [field: string]: Value }): unknown {
  return Object.entries(row).filter(([field]) => passing[section]?.includes(field) !== true);
}

async function noteFiles(
  state: Map<string, string | null>,
  sandbox: SandboxHandle,
  component: string,
  signal: AbortSignal,
): Promise<void> {
  for (const { path, bytes, content } of await sandbox.readFiles(component, files, signal)) {
    if (matchesAny(leftByTools, path)) continue;
    state.set(`${component} ${path}`, content === null ? `${bytes} bytes` : hashOf(content));
  }
}

async function noteObjects(
  state: Map<string, string | null>,
  sandbox: SandboxHandle,
  component: string,
  signal: AbortSignal,
): Promise<void> {
  const { namespaces } = sandbox;
  const access = sandbox.access(component);
  if (namespaces === null || access.kind !== 'namespace') throw new Error('the backend has no namespaces');
  for (const [name, text] of await namespaceState(namespaces, component, signal)) {
    // Another generation has another name, which objects may hold.
    state.set(`${component} ${name}`, hashOf(text.replaceAll(access.namespace, component)));
  }
}

function hashOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

const componentOf = (name: string) => name.split(' ', 1)[0] ?? name;

/** Names of what differs between two states, in order; of what was not seen nothing can be said. */
export function changesBetween(before: LabState, after: LabState): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  const isUnseen = (name: string) => before.get(name) === null || after.get(name) === null;
  return [...names]
    .filter((name) => before.get(name) !== after.get(name))
    .filter((name) => !isUnseen(name) && !isUnseen(componentOf(name)))
    .sort();
}
