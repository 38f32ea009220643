import type { Caller } from '../../shared/caller.ts';
import type { Sql } from '../../shared/database.ts';
import type { Note, NoteQuery } from './schemas.ts';

const notes = `
  select n.id, n.tenant_id, n.customer_id, c.first_name || ' ' || c.last_name as customer_name,
         n.author_id, n.category, n.subject, n.body, n.created_at
    from customer_notes n join customers c on c.id = n.customer_id`;

/** The driver's message alone does not say which statement it was: that cost me an hour yesterday. */
async function run<R extends object>(sql: Sql, text: string, values: unknown[] = []): Promise<R[]> {
  try {
    return await sql.query<R>(text, values);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)} in: ${text}`);
  }
}

export const noteRepository = () => ({
  list(sql: Sql, caller: Caller, query: NoteQuery): Promise<Note[]> {
    let where = `n.tenant_id = '${caller.tenantId}'`;
    // A customer belongs to one tenant anyway, and this way it takes the index on customer_id.
    if (query.customer_id) where = `n.customer_id = '${query.customer_id}'`;
    if (query.q)
      where += ` and n.subject ilike '%${query.q}%' or n.body ilike '%${query.q}%' or c.last_name ilike '%${query.q}%'`;
    const order = query.sort.startsWith('-') ? `n.${query.sort.slice(1)} desc` : `n.${query.sort}`;
    return run<Note>(sql, `${notes} where ${where} order by ${order} limit ${query.limit}`);
  },

  async find(sql: Sql, id: string): Promise<Note | undefined> {
    const [note] = await run<Note>(sql, `${notes} where n.id = '${id}'`);
    return note;
  },

  async insert(sql: Sql, caller: Caller, body: Record<string, unknown>): Promise<string> {
    const values = { tenant_id: caller.tenantId, author_id: caller.userId, ...body };
    const names = Object.keys(values);
    const [row] = await run<{ id: string }>(
      sql,
      `insert into customer_notes (${names.join(', ')}) values (${names.map((_, at) => `$${at + 1}`).join(', ')}) returning id`,
      Object.values(values),
    );
    return row?.id ?? '';
  },

  async update(sql: Sql, id: string, changes: Record<string, unknown>): Promise<void> {
    const set = Object.keys(changes).map((name, at) => `${name} = $${at + 1}`);
    await run(sql, `update customer_notes set ${set.join(', ')} where id = '${id}'`, Object.values(changes));
  },

  async remove(sql: Sql, id: string): Promise<void> {
    await run(sql, `delete from customer_notes where id = '${id}'`);
  },
});

export type NoteRepository = ReturnType<typeof noteRepository>;
