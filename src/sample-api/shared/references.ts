import type { Sql } from './database.ts';
import { notFound } from './errors.ts';

/**
 * List filter of tables that have a customer_id. `$1` is the tenant, as everywhere in the list query. An array rather
 * than `in (select …)`: with the limit the planner would walk all invoices by age (170 ms instead of 3 at 200,000).
 */
export const ofCustomerEmail =
  't.customer_id = any (array(select c.id from customers c where c.tenant_id = $1 and c.email = $?))';

/** Throws 404 unless the row that a new row refers to is the tenant's own; a foreign key does not look at that. */
export async function requireOwn(
  sql: Sql,
  tenantId: string,
  table: 'customers' | 'service_plans' | 'users',
  id: unknown,
): Promise<void> {
  if (typeof id !== 'string') return;
  const rows = await sql.query(`select 1 from ${table} where tenant_id = $1 and id = $2`, [tenantId, id]);
  if (rows.length === 0)
    throw notFound({ customers: 'customer', service_plans: 'service plan', users: 'user' }[table], id);
}
