import type { Sql } from '../../shared/database.ts';
import type { CustomerOverview } from './schemas.ts';

/** What support looks at first: services, open tickets, money owed. */
export async function findOverview(
  sql: Sql,
  tenantId: string,
  customerId: string,
): Promise<CustomerOverview | undefined> {
  const [row] = await sql.query<CustomerOverview>(
    `select c.id as customer_id, c.account_number, c.status,
            (select coalesce(json_agg(json_build_object('id', s.id, 'name', s.name, 'type', s.type, 'status', s.status,
                                                        'monthly_rate', s.monthly_rate) order by s.started_at, s.id), '[]')
               from services s where s.tenant_id = c.tenant_id and s.customer_id = c.id) as services,
            (select count(*) from tickets k where k.tenant_id = c.tenant_id and k.customer_id = c.id
                and k.status not in ('resolved', 'closed')) as open_tickets,
            (select coalesce(sum(i.total_amount), 0) from invoices i where i.tenant_id = c.tenant_id and i.customer_id = c.id
                and i.status = 'overdue') as overdue_amount,
            (select max(i.paid_at) from invoices i where i.tenant_id = c.tenant_id and i.customer_id = c.id) as last_payment_at
       from customers c where c.tenant_id = $1 and c.id = $2`,
    [tenantId, customerId],
  );
  return row;
}
