import { writeAudit } from '../../shared/audit.ts';
import type { Caller } from '../../shared/caller.ts';
import { type CrudService, crudService } from '../../shared/crud-service.ts';
import type { Database } from '../../shared/database.ts';
import { conflict, notFound } from '../../shared/errors.ts';
import type { Payment } from '../payments/schemas.ts';
import type { InvoiceRepository } from './repository.ts';
import type { Invoice, InvoiceItem, InvoicePay } from './schemas.ts';

type WithItems = Invoice & { items: InvoiceItem[] };

export interface InvoiceService extends CrudService<Invoice> {
  get(caller: Caller, id: string): Promise<WithItems>;
  /** Bills the sum of the active services' monthly rates, once a month. */
  generate(caller: Caller, customerId: string): Promise<WithItems>;
  /** Settles the whole invoice. */
  pay(caller: Caller, id: string, how: InvoicePay): Promise<{ invoice: Invoice; payment: Payment }>;
  /** Takes an unpaid invoice back. */
  void(caller: Caller, id: string): Promise<Invoice>;
}

export function invoiceService(db: Database, repository: InvoiceRepository): InvoiceService {
  const stock = crudService<Invoice>(db, 'invoice', repository);
  return {
    ...stock,

    async get(caller, id) {
      const invoice = await stock.get(caller, id);
      return { ...invoice, items: await repository.itemsOf(db, caller.tenantId, id) };
    },

    generate: (caller, customerId) =>
      db.transaction(async (sql) => {
        const { tenantId } = caller;
        // The lock on the customer keeps two requests at once from billing the month twice.
        const found = await sql.query(
          'select 1 from customers where tenant_id = $1 and id = $2 for no key update',
          [tenantId, customerId],
        );
        if (found.length === 0) throw notFound('customer', customerId);
        const billed = await repository.billedThisMonth(sql, tenantId, customerId);
        if (billed !== undefined)
          throw conflict(`This month is billed already by ${billed}. To bill it anew, void that one first.`);
        const invoice = await repository.generate(sql, tenantId, customerId);
        if (invoice === undefined)
          throw conflict('This customer has no active service: there is nothing to bill.');
        const details = {
          number: invoice.number,
          total_amount: invoice.total_amount,
          customer_id: customerId,
        };
        await writeAudit(sql, caller, 'invoice.generated', { type: 'invoice', id: invoice.id }, details);
        return { ...invoice, items: await repository.itemsOf(sql, tenantId, invoice.id) };
      }),

    pay: (caller, id, how) =>
      db.transaction(async (sql) => {
        const invoice = await repository.lock(sql, caller.tenantId, id);
        if (invoice === undefined) throw notFound('invoice', id);
        if (invoice.status !== 'issued' && invoice.status !== 'overdue')
          throw conflict(`An invoice that is ${invoice.status} cannot be paid.`);
        const paid = await repository.pay(sql, invoice, how);
        await writeAudit(
          sql,
          caller,
          'payment.created',
          { type: 'payment', id: paid.payment.id },
          { invoice_id: id, amount: paid.payment.amount },
        );
        await writeAudit(
          sql,
          caller,
          'invoice.paid',
          { type: 'invoice', id },
          { payment_id: paid.payment.id },
        );
        return paid;
      }),

    void: (caller, id) =>
      db.transaction(async (sql) => {
        const invoice = await repository.lock(sql, caller.tenantId, id);
        if (invoice === undefined) throw notFound('invoice', id);
        if (invoice.status === 'paid' || invoice.status === 'void')
          throw conflict(`An invoice that is ${invoice.status} cannot be taken back.`);
        const voided = await repository.update(sql, caller.tenantId, id, {
          status: 'void',
          issued_at: invoice.issued_at ?? invoice.created_at,
        });
        if (voided === undefined) throw notFound('invoice', id);
        await writeAudit(sql, caller, 'invoice.voided', { type: 'invoice', id });
        return voided;
      }),
  };
}
