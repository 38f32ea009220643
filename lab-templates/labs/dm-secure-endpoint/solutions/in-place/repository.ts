import type { Caller } from '../../shared/caller.ts';
import type { Sql } from '../../shared/database.ts';
import type { Note, NoteCreate, NoteQuery, NoteUpdate } from './schemas.ts';

/** $1 is the tenant in every statement. */
const notes = `
  select n.id, n.tenant_id, n.customer_id, c.first_name || ' ' || c.last_name as customer_name,
         n.author_id, n.category, n.subject, n.body, n.created_at
    from customer_notes n join customers c on c.id = n.customer_id and c.tenant_id = n.tenant_id
   where n.tenant_id = $1`;

/** What may stand after ORDER BY: a column cannot be a parameter, so it is chosen and never copied. */
const orders: Readonly<Record<NoteQuery['sort'], string>> = {
  created_at: 'n.created_at, n.id',
  '-created_at': 'n.created_at desc, n.id',
  subject: 'n.subject, n.id',
  '-subject': 'n.subject desc, n.id',
  category: 'n.category, n.id',
  '-category': 'n.category desc, n.id',
};

export const noteRepository = () => ({
  list(sql: Sql, tenantId: string, { customer_id, q, sort, limit }: NoteQuery): Promise<Note[]> {
    return sql.query<Note>(
      `${notes}
        and ($2::uuid is null or n.customer_id = $2)
        and ($3::text is null or position(lower($3) in lower(n.subject || ' ' || n.body || ' ' || c.last_name)) > 0)
      order by ${orders[sort]} limit $4`,
      [tenantId, customer_id ?? null, q ?? null, limit],
    );
  },

  async find(sql: Sql, tenantId: string, id: string): Promise<Note | undefined> {
    const [note] = await sql.query<Note>(`${notes} and n.id = $2`, [tenantId, id]);
    return note;
  },

  async insert(sql: Sql, caller: Caller, note: NoteCreate): Promise<string> {
    const [row] = await sql.query<{ id: string }>(
      `insert into customer_notes (tenant_id, author_id, customer_id, category, subject, body)
       values ($1, $2, $3, $4, $5, $6) returning id`,
      [caller.tenantId, caller.userId, note.customer_id, note.category, note.subject, note.body],
    );
    if (row === undefined) throw new Error('the insert returned nothing');
    return row.id;
  },

  /** Whether there was such a note. What is left out of the changes stays as it is. */
  async update(sql: Sql, tenantId: string, id: string, changes: NoteUpdate): Promise<boolean> {
    const { category = null, subject = null, body = null } = changes;
    const rows = await sql.query(
      `update customer_notes
          set category = coalesce($3, category), subject = coalesce($4, subject), body = coalesce($5, body)
        where tenant_id = $1 and id = $2 returning id`,
      [tenantId, id, category, subject, body],
    );
    return rows.length > 0;
  },

  async remove(sql: Sql, tenantId: string, id: string): Promise<boolean> {
    const rows = await sql.query('delete from customer_notes where tenant_id = $1 and id = $2 returning id', [
      tenantId,
      id,
    ]);
    return rows.length > 0;
  },
});

export type NoteRepository = ReturnType<typeof noteRepository>;
