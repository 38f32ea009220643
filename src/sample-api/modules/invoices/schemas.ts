import { z } from 'zod';
import { createdBetween, date, id, pageQuery, text, timestamp } from '../../shared/fields.ts';
import { payment, paymentMethod } from '../payments/schemas.ts';

const status = z.enum(['draft', 'issued', 'paid', 'overdue', 'void']);

type Method = z.infer<typeof paymentMethod>;

const invoiceItem = z.object({
  id,
  service_id: id.nullable(),
  description: z.string(),
  quantity: z.number(),
  unit_amount: z.number(),
  amount: z.number(),
});

export const invoice = z.object({
  id,
  tenant_id: id,
  customer_id: id,
  number: z.string(),
  period_start: date,
  period_end: date,
  total_amount: z.number(),
  status,
  issued_at: timestamp.nullable(),
  due_at: timestamp.nullable(),
  paid_at: timestamp.nullable(),
  created_at: timestamp,
});

export const invoiceWithItems = invoice.extend({ items: z.array(invoiceItem) });

export const invoiceQuery = pageQuery.extend({
  customer_id: id.optional(),
  customer_email: z.string().optional(),
  number: z.string().optional(),
  status: status.optional(),
  ...createdBetween,
});

/** The body may be left out: paid by card. */
export const invoicePay = z
  .strictObject({ method: paymentMethod.default('card'), reference: text(100).optional() })
  .nullish()
  .transform((body): { method: Method; reference?: string | undefined } => body ?? { method: 'card' });
export const paidInvoice = z.object({ invoice, payment });
export const ofCustomer = z.object({ customer_id: id });

export type Invoice = z.infer<typeof invoice>;
export type InvoiceItem = z.infer<typeof invoiceItem>;
export type InvoicePay = z.output<typeof invoicePay>;
