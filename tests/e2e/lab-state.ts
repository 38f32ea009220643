/** All that a trainee can have changed in a lab, as hashes: rows of every table, and every file. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createNaming, sandboxFolder, sandboxPart } from '../../src/sandbox/naming.ts';
import { type Installation, query } from './belongings.ts';

export type LabState = Readonly<Record<string, string>>;

/** Rows by `database schema.table`, but what the API notes of its own use; files by their path in the workspace. */
export async function stateOf(installation: Installation, labId: string): Promise<LabState> {
  const sandboxId = await sandboxOf(installation, labId);
  const state: Record<string, string> = {};
  for (const { name, url } of await databasesOf(installation, sandboxId)) {
    const tables = await query<{ table: string }>(
      url,
      `select format('%I.%I', schemaname, tablename) as table from pg_tables
       where schemaname not in ('pg_catalog', 'information_schema', 'observability') order by 1`,
    );
    for (const { table } of tables) {
      const rows = `select coalesce(md5(string_agg(t::text, '\\n' order by t::text)), '') as hash from ${table} t`;
      state[`${name} ${table}`] = (await query<{ hash: string }>(url, rows))[0]?.hash ?? '';
    }
  }
  const folder = join(installation.dataDir, 'sandboxes', sandboxFolder(sandboxId));
  for (const workspace of readdirSync(folder).filter((name) => name.startsWith('workspace'))) {
    const entries = readdirSync(join(folder, workspace), { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((one) => one.isFile())) {
      const path = join(entry.parentPath, entry.name);
      state[path.slice(folder.length)] = createHash('sha256').update(readFileSync(path)).digest('hex');
    }
  }
  return state;
}

export async function sandboxOf({ controlUrl }: Installation, labId: string): Promise<string> {
  const [row] = await query<{ id: string }>(controlUrl, 'select sandbox_id as id from labs where id = $1', [
    labId,
  ]);
  if (row === undefined) throw new Error(`lab ${labId} has no sandbox`);
  return row.id;
}

/** Databases of a sandbox, with superuser URLs. */
export async function databasesOf(
  { id, labsUrl }: Pick<Installation, 'id' | 'labsUrl'>,
  sandboxId: string,
): Promise<readonly { readonly name: string; readonly url: string }[]> {
  const naming = createNaming(id);
  const all = await query<{ name: string }>(labsUrl, 'select datname as name from pg_database order by 1');
  return all
    .filter(({ name }) => naming.parse(name)?.sandboxPart === sandboxPart(sandboxId))
    .map(({ name }) => {
      const url = new URL(labsUrl);
      url.pathname = `/${name}`;
      return { name, url: url.href };
    });
}
