import { type CrudRepository, crudRepository } from '../../shared/crud-repository.ts';
import type { Sql } from '../../shared/database.ts';
import { ofCustomerEmail } from '../../shared/references.ts';
import type { Payment } from '../payments/schemas.ts';
import type { Invoice, InvoiceItem, InvoicePay } from './schemas.ts';

const columns = [
  'id',
  'tenant_id',
  'customer_id',
  'number',
  'period_start',
  'period_end',
  'total_amount',
  'status',
  'issued_at',
  'due_at',
  'paid_at',
  'created_at',
];

export interface InvoiceRepository extends CrudRepository<Invoice> {
  itemsOf(sql: Sql, tenantId: string, invoiceId: string): Promise<InvoiceItem[]>;
  /** The row, locked until the transaction ends: two payments of one invoice come one after the other. */
  lock(sql: Sql, tenantId: string, id: string): Promise<Invoice | undefined>;
  /** The number of this month's invoice, if the customer has one that is not void. */
  billedThisMonth(sql: Sql, tenantId: string, customerId: string): Promise<string | undefined>;
  /** Bills the active services for the current month; undefined: there is nothing to bill. */
  generate(sql: Sql, tenantId: string, customerId: string): Promise<Invoice | undefined>;
  pay(sql: Sql, invoice: Invoice, how: InvoicePay): Promise<{ invoice: Invoice; payment: Payment }>;
}

export function invoiceRepository(): InvoiceRepository {
  const returning = columns.join(', ');
  return {
    ...crudRepository<Invoice>({
      table: 'invoices',
      columns,
      filters: {
        customer_id: 't.customer_id = $?',
        customer_email: ofCustomerEmail,
        number: 't.number = $?',
        status: 't.status = $?',
        created_from: 't.created_at >= $?::timestamptz',
        created_to: 't.created_at < $?::timestamptz',
      },
    }),

    itemsOf: (sql, tenantId, invoiceId) =>
      sql.query<InvoiceItem>(
        `select id, service_id, description, quantity, unit_amount, amount from invoice_items
          where tenant_id = $1 and invoice_id = $2 order by description, id`,
        [tenantId, invoiceId],
      ),

    async lock(sql, tenantId, id) {
      const [row] = await sql.query<Invoice>(
        `select ${returning} from invoices where tenant_id = $1 and id = $2 for update`,
        [tenantId, id],
      );
      return row;
    },

    async billedThisMonth(sql, tenantId, customerId) {
      const [row] = await sql.query<{ number: string }>(
        `select number from invoices where tenant_id = $1 and customer_id = $2 and status <> 'void'
            and period_start = date_trunc('month', now() at time zone 'UTC')::date`,
        [tenantId, customerId],
      );
      return row?.number;
    },

    async generate(sql, tenantId, customerId) {
      const [row] = await sql.query<Invoice>(
        `with billed as (
           select id, name, monthly_rate from services
            where tenant_id = $1 and customer_id = $2 and status = 'active' and monthly_rate > 0
         ), made as (
           insert into invoices (tenant_id, customer_id, period_start, period_end, total_amount, status, issued_at, due_at)
           select $1, $2, month.first, (month.first + interval '1 month - 1 day')::date, (select sum(monthly_rate) from billed),
                  'issued', now(), now() + interval '14 days'
             from (select date_trunc('month', now() at time zone 'UTC')::date as first) month
            where exists (select from billed)
           returning ${returning}
         ), lines as (
           insert into invoice_items (tenant_id, invoice_id, service_id, description, unit_amount, amount)
           select $1, made.id, billed.id, billed.name, billed.monthly_rate, billed.monthly_rate from made, billed
         )
         select ${returning} from made`,
        [tenantId, customerId],
      );
      return row;
    },

    async pay(sql, { id, tenant_id }, { method, reference }) {
      const [payment] = await sql.query<Payment>(
        `insert into payments (tenant_id, invoice_id, customer_id, amount, method, reference)
         select tenant_id, id, customer_id, total_amount, $3, $4 from invoices where tenant_id = $1 and id = $2
         returning id, tenant_id, invoice_id, customer_id, amount, method, status, reference, paid_at, created_at`,
        [tenant_id, id, method, reference ?? null],
      );
      const [invoice] = await sql.query<Invoice>(
        `update invoices set status = 'paid', paid_at = now() where tenant_id = $1 and id = $2 returning ${returning}`,
        [tenant_id, id],
      );
      if (payment === undefined || invoice === undefined) throw new Error('the locked invoice is gone');
      return { invoice, payment };
    },
  };
}
