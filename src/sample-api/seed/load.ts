import { addKeys, createTables } from '../schema/create.ts';
import { generate } from './generate.ts';
import type { Rows } from './rows.ts';
import { type ScaleName, scales } from './version.ts';

interface Sql {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

/** Makes schema and rows in one transaction: afterwards all of it is there, or none of it. */
export async function createAndSeed(sql: Sql, seed: number, scale: ScaleName): Promise<void> {
  await sql.query('begin');
  try {
    // Two that start at once: the second waits here, and then finds the tables.
    await sql.query(`select pg_advisory_xact_lock(hashtext('dotmac schema'))`);
    await sql.query('set local search_path to public');
    await sql.query('set local synchronous_commit to off');
    await createTables(sql);
    // The next batch is drawn while the server takes in the one before.
    let inserting = Promise.resolve();
    for (const batch of generate(seed, scales[scale])) {
      await inserting;
      inserting = insert(sql, batch);
      inserting.catch(() => undefined);
    }
    await inserting;
    await sql.query(`
      select setval('account_numbers', (select count(*) + 10000 from customers)),
             setval('invoice_numbers', (select count(*) + 1000 from invoices)),
             setval('ticket_numbers', (select count(*) + 1 from tickets))`);
    await addKeys(sql);
    await sql.query('commit');
  } catch (error) {
    await sql.query('rollback').catch(() => undefined);
    throw error;
  }
  // Outside the transaction nothing can be lost: without statistics the planner guesses until autovacuum has come by.
  await sql.query('analyze');
}

/** One statement a batch: a column is one array parameter, which no row limit applies to. */
async function insert(sql: Sql, { table, columns, rows }: Rows): Promise<void> {
  if (rows.length === 0) return;
  const entries = Object.entries(columns);
  const values = entries.map(([, type], at) => arrayLiteral(rows, at, type.startsWith('text')));
  const arrays = entries.map(([, type], at) => `$${at + 1}::${type.split('::')[0]}[]`);
  const selected = entries.map(([name, type]) =>
    type.includes('::') ? `${name}::${type.split('::')[1]}` : name,
  );
  const names = entries.map(([name]) => name).join(', ');
  await sql.query(
    `insert into ${table} (${names}) select ${selected.join(', ')} from unnest(${arrays.join(', ')}) as r (${names})`,
    values,
  );
}

/** The driver would quote and escape seven million cells; only text needs it (8 s of 19 at scale M). */
function arrayLiteral(rows: Rows['rows'], at: number, isText: boolean): string {
  const cells = rows.map((row) => {
    const cell = row[at] ?? null;
    return isText && cell !== null ? `"${String(cell).replace(/["\\]/g, '\\$&')}"` : String(cell);
  });
  return `{${cells.join(',')}}`;
}
