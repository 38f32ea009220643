import { type CrudRepository, crudRepository } from '../../shared/crud-repository.ts';
import type { Sql } from '../../shared/database.ts';
import type { Note } from './schemas.ts';

/** A note as its table has it. */
export type NoteRow = Omit<Note, 'customer_name'>;

const columns = ['id', 'tenant_id', 'customer_id', 'author_id', 'category', 'subject', 'body', 'created_at'];
const filters = {
  customer_id: 't.customer_id = $?',
  q: `(position(lower($?) in lower(t.subject || ' ' || t.body)) > 0 or t.customer_id in
        (select c.id from customers c where c.tenant_id = $1 and position(lower($?) in lower(c.last_name)) > 0))`,
};

export interface NoteRepository extends CrudRepository<NoteRow> {
  /** Names of customers by id; of the tenant's own only. */
  namesOf(sql: Sql, tenantId: string, customerIds: readonly string[]): Promise<Map<string, string>>;
}

export function noteRepository(): NoteRepository {
  const stock = crudRepository<NoteRow>({ table: 'customer_notes', columns, filters });
  return {
    ...stock,

    // Pages go by age; whoever asks for another order gets the first page of it.
    async list(sql, tenantId, query) {
      const [, down, column] = /^(-?)(created_at|subject|category)$/.exec(String(query.sort)) ?? [];
      if (column === undefined || (column === 'created_at' && !down)) return stock.list(sql, tenantId, query);
      const given = Object.entries(filters).filter(([name]) => query[name] !== undefined);
      const where = given.map(([, filter], at) => `and ${filter.replaceAll('$?', `$${at + 3}`)}`).join(' ');
      const items = await sql.query<NoteRow>(
        `select ${columns.map((name) => `t.${name}`).join(', ')} from customer_notes t where t.tenant_id = $1 ${where}
          order by t.${column} ${down ? 'desc' : 'asc'}, t.id limit $2`,
        [tenantId, query.limit, ...given.map(([name]) => query[name])],
      );
      return { items, next_cursor: null };
    },

    async namesOf(sql, tenantId, customerIds) {
      const rows = await sql.query<{ id: string; name: string }>(
        `select id, first_name || ' ' || last_name as name from customers where tenant_id = $1 and id = any ($2::uuid[])`,
        [tenantId, customerIds],
      );
      return new Map(rows.map(({ id, name }) => [id, name]));
    },
  };
}
