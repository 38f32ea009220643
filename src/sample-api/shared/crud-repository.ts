import { type Cursor, decodeCursor, encodeCursor } from './cursor.ts';
import type { Sql } from './database.ts';

/** What a table looks like to the API. All SQL of a plain module follows from it. */
export interface TableSpec {
  table: string;
  columns: readonly string[];
  /** Query parameter → condition on `t`, with `$?` for its value. */
  filters: Readonly<Record<string, string>>;
  /** Sort column; ties are broken by id. */
  orderBy?: string;
  idType?: 'uuid' | 'bigint';
  /** The column that says whose row it is; null: the same for everybody. */
  tenantColumn?: string | null;
}

export interface Page<Row> {
  items: Row[];
  next_cursor: string | null;
}

export type ListQuery = Readonly<Record<string, unknown>> & { limit: number; cursor?: string | undefined };
export type Values = Readonly<Record<string, unknown>>;

/** Stands for the database's clock in values to write. */
export const databaseNow: unique symbol = Symbol('now()');

export interface CrudRepository<Row> {
  list(sql: Sql, tenantId: string, query: ListQuery): Promise<Page<Row>>;
  find(sql: Sql, tenantId: string, id: string): Promise<Row | undefined>;
  insert(sql: Sql, tenantId: string, values: Values): Promise<Row>;
  update(sql: Sql, tenantId: string, id: string, changes: Values): Promise<Row | undefined>;
  /** Whether there was such a row. */
  remove(sql: Sql, tenantId: string, id: string): Promise<boolean>;
}

/** Every statement carries the tenant: there is no way to ask without one. */
export function crudRepository<Row extends { id: string | number }>(spec: TableSpec): CrudRepository<Row> {
  const { table, filters, orderBy = 'created_at', idType = 'uuid', tenantColumn = 'tenant_id' } = spec;
  const columns = spec.columns.map((column) => `t.${column}`).join(', ');
  const own = tenantColumn === null ? '$1::uuid is not null' : `t.${tenantColumn} = $1`;

  return {
    async list(sql, tenantId, query) {
      const values: unknown[] = [tenantId];
      const bind = (value: unknown) => `$${values.push(value)}`;
      const where = [own];
      for (const [name, condition] of Object.entries(filters))
        if (query[name] !== undefined) where.push(condition.replaceAll('$?', bind(query[name])));
      if (query.cursor !== undefined) {
        const after: Cursor = decodeCursor(query.cursor);
        where.push(`(t.${orderBy}, t.id) > (${bind(after.at)}::timestamptz, ${bind(after.id)}::${idType})`);
      }
      // One row more than asked for tells whether there is a next page.
      const rows = await sql.query<Row & { page_at: string }>(
        `select ${columns}, t.${orderBy}::text as page_at from ${table} t
          where ${where.join(' and ')} order by t.${orderBy}, t.id limit ${bind(query.limit + 1)}`,
        values,
      );
      const items = rows.slice(0, query.limit);
      const last = rows.length > query.limit ? items.at(-1) : undefined;
      return {
        items,
        next_cursor: last === undefined ? null : encodeCursor({ at: last.page_at, id: String(last.id) }),
      };
    },

    async find(sql, tenantId, id) {
      const [row] = await sql.query<Row>(`select ${columns} from ${table} t where ${own} and t.id = $2`, [
        tenantId,
        id,
      ]);
      return row;
    },

    async insert(sql, tenantId, values) {
      const { names, bound, expressions } = assignments({ tenant_id: tenantId, ...values }, 0);
      const [row] = await sql.query<Row>(
        `insert into ${table} as t (${names.join(', ')}) values (${expressions.join(', ')}) returning ${columns}`,
        bound,
      );
      if (row === undefined) throw new Error(`${table}: the insert returned nothing`);
      return row;
    },

    async update(sql, tenantId, id, changes) {
      const { names, bound, expressions } = assignments(changes, 2);
      const set = names.map((name, at) => `${name} = ${expressions[at]}`).join(', ');
      const [row] = await sql.query<Row>(
        `update ${table} t set ${set} where ${own} and t.id = $2 returning ${columns}`,
        [tenantId, id, ...bound],
      );
      return row;
    },

    async remove(sql, tenantId, id) {
      const rows = await sql.query(`delete from ${table} t where ${own} and t.id = $2 returning t.id`, [
        tenantId,
        id,
      ]);
      return rows.length > 0;
    },
  };
}

/** Names come from strict schemas and from this code, never from a caller. */
function assignments(values: Values, offset: number) {
  const bound: unknown[] = [];
  const names: string[] = [];
  const expressions: string[] = [];
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    names.push(name);
    expressions.push(value === databaseNow ? 'now()' : `$${bound.push(value) + offset}`);
  }
  return { names, bound, expressions };
}
