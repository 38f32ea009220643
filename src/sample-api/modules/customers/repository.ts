import { type CrudRepository, crudRepository } from '../../shared/crud-repository.ts';
import type { Sql } from '../../shared/database.ts';
import type { Variant } from '../../variants.ts';
import type { Service } from '../services/schemas.ts';
import type { Customer } from './schemas.ts';

const columns = [
  'id',
  'tenant_id',
  'account_number',
  'first_name',
  'last_name',
  'email',
  'phone',
  'street',
  'city',
  'postal_code',
  'status',
  'created_at',
  'churned_at',
];
const serviceColumns =
  'id, tenant_id, customer_id, plan_id, name, type, status, monthly_rate, started_at, ended_at, created_at';

export interface CustomerRepository extends CrudRepository<Customer> {
  /** Services by customer, oldest first. */
  servicesOf(sql: Sql, tenantId: string, customerIds: readonly string[]): Promise<Map<string, Service[]>>;
}

export function customerRepository(variant: Variant): CustomerRepository {
  const stock = crudRepository<Customer>({
    table: 'customers',
    columns,
    filters: {
      status: 't.status = $?',
      email: 't.email = $?',
      phone: 't.phone = $?',
      account_number: 't.account_number = $?',
      city: 't.city = $?',
      q: `position(lower($?) in lower(t.first_name || ' ' || t.last_name || ' ' || t.email || ' ' || t.account_number)) > 0`,
      created_from: 't.created_at >= $?::timestamptz',
      created_to: 't.created_at < $?::timestamptz',
    },
  });

  return {
    ...stock,
    async find(sql, tenantId, id) {
      if (variant !== 'no-tenant-filter') return stock.find(sql, tenantId, id);
      const [row] = await sql.query<Customer>(`select ${columns.join(', ')} from customers where id = $1`, [
        id,
      ]);
      return row;
    },

    async servicesOf(sql, tenantId, customerIds) {
      if (variant === 'n-plus-one') return oneByOne(sql, tenantId, customerIds);
      const services = await sql.query<Service>(
        `select ${serviceColumns} from services
          where tenant_id = $1 and customer_id = any ($2::uuid[]) order by customer_id, started_at, id`,
        [tenantId, customerIds],
      );
      const grouped = new Map<string, Service[]>(customerIds.map((id) => [id, []]));
      for (const service of services) grouped.get(service.customer_id)?.push(service);
      return grouped;
    },
  };
}

/** The planted fault of variant n-plus-one. */
async function oneByOne(
  sql: Sql,
  tenantId: string,
  customerIds: readonly string[],
): Promise<Map<string, Service[]>> {
  const grouped = new Map<string, Service[]>();
  for (const id of customerIds) {
    const services = await sql.query<Service>(
      `select ${serviceColumns} from services where tenant_id = $1 and customer_id = $2 order by started_at, id`,
      [tenantId, id],
    );
    grouped.set(id, services);
  }
  return grouped;
}
