import { type CrudRepository, crudRepository } from '../../shared/crud-repository.ts';
import type { Sql } from '../../shared/database.ts';
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
  /** The services of a customer, oldest first. */
  servicesOf(sql: Sql, tenantId: string, customerId: string): Promise<Service[]>;
  /** When a customer last paid; null: never. */
  lastPaidAt(sql: Sql, tenantId: string, customerId: string): Promise<string | null>;
}

export function customerRepository(): CustomerRepository {
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

    servicesOf: (sql, tenantId, customerId) =>
      sql.query<Service>(
        `select ${serviceColumns} from services
          where tenant_id = $1 and customer_id = $2 order by started_at, id`,
        [tenantId, customerId],
      ),

    // Payments that failed or were given back do not count.
    async lastPaidAt(sql, tenantId, customerId) {
      const [row] = await sql.query<{ at: string | null }>(
        `select max(paid_at) as at from payments
          where tenant_id = $1 and customer_id = $2 and status = 'succeeded'`,
        [tenantId, customerId],
      );
      return row?.at ?? null;
    },
  };
}
