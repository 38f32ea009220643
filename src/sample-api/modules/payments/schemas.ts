import { z } from 'zod';
import { createdBetween, id, pageQuery, timestamp } from '../../shared/fields.ts';

export const paymentMethod = z.enum(['card', 'direct_debit', 'bank_transfer', 'cash']);
const status = z.enum(['succeeded', 'failed', 'refunded']);

export const payment = z.object({
  id,
  tenant_id: id,
  invoice_id: id,
  customer_id: id,
  amount: z.number(),
  method: paymentMethod,
  status,
  reference: z.string().nullable(),
  paid_at: timestamp,
  created_at: timestamp,
});

export const paymentQuery = pageQuery.extend({
  customer_id: id.optional(),
  customer_email: z.string().optional(),
  invoice_id: id.optional(),
  method: paymentMethod.optional(),
  status: status.optional(),
  ...createdBetween,
});

export type Payment = z.infer<typeof payment>;
