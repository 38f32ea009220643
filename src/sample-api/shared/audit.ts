import type { Caller } from './caller.ts';
import type { Sql } from './database.ts';

/** Notes a change. Call it in the transaction that makes the change: either both are there or neither. */
export async function writeAudit(
  sql: Sql,
  caller: Caller,
  action: string,
  entity: { type: string; id: string },
  details: object = {},
): Promise<void> {
  await sql.query(
    `insert into observability.audit_trail (tenant_id, actor, action, entity_type, entity_id, details, act)
     values ($1, coalesce($2, (select email from users where id = $3::uuid), $3::text), $4, $5, $6, $7, $8)`,
    [
      caller.tenantId,
      caller.email ?? null,
      caller.userId,
      action,
      entity.type,
      entity.id,
      JSON.stringify(details),
      caller.act ?? null,
    ],
  );
}
