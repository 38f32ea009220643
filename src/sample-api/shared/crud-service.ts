import { writeAudit } from './audit.ts';
import type { Caller } from './caller.ts';
import type { CrudRepository, ListQuery, Page, Values } from './crud-repository.ts';
import type { Database, Sql } from './database.ts';
import { invalid, notFound } from './errors.ts';

export interface CrudService<Row> {
  list(caller: Caller, query: ListQuery): Promise<Page<Row>>;
  get(caller: Caller, id: string): Promise<Row>;
  create(caller: Caller, values: Values): Promise<Row>;
  update(caller: Caller, id: string, changes: Values): Promise<Row>;
  remove(caller: Caller, id: string): Promise<void>;
}

export interface CrudHooks {
  /** Looks at what is about to be created or changed; returns what is really written. */
  prepare?(sql: Sql, caller: Caller, values: Values): Promise<Values> | Values;
  /** What the audit trail may keep of it. */
  disclose?(values: Values): Values;
}

/** Reads and audited writes of one table. `entity` is its name in the singular: `customer`. */
export function crudService<Row extends { id: string | number }>(
  db: Database,
  entity: string,
  repository: CrudRepository<Row>,
  { prepare = (_sql, _caller, values) => values, disclose = (values) => values }: CrudHooks = {},
): CrudService<Row> {
  const what = entity.replaceAll('_', ' ');
  return {
    list: (caller, query) => repository.list(db, caller.tenantId, query),

    async get(caller, id) {
      const row = await repository.find(db, caller.tenantId, id);
      if (row === undefined) throw notFound(what, id);
      return row;
    },

    create: (caller, values) =>
      db.transaction(async (sql) => {
        const row = await repository.insert(sql, caller.tenantId, await prepare(sql, caller, values));
        await writeAudit(
          sql,
          caller,
          `${entity}.created`,
          { type: entity, id: String(row.id) },
          disclose(values),
        );
        return row;
      }),

    async update(caller, id, changes) {
      if (Object.keys(changes).length === 0) throw invalid('body', 'says nothing to change');
      return db.transaction(async (sql) => {
        const row = await repository.update(sql, caller.tenantId, id, await prepare(sql, caller, changes));
        if (row === undefined) throw notFound(what, id);
        await writeAudit(sql, caller, `${entity}.updated`, { type: entity, id }, disclose(changes));
        return row;
      });
    },

    remove: (caller, id) =>
      db.transaction(async (sql) => {
        if (!(await repository.remove(sql, caller.tenantId, id))) throw notFound(what, id);
        await writeAudit(sql, caller, `${entity}.deleted`, { type: entity, id });
      }),
  };
}
