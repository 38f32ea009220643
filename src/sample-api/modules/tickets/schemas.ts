import { z } from 'zod';
import { amount, createdBetween, id, pageQuery, text, timestamp } from '../../shared/fields.ts';

const category = z.enum([
  'general',
  'billing',
  'connectivity',
  'portal',
  'security',
  'outage',
  'service_change',
]);
const priority = z.enum(['low', 'normal', 'high', 'urgent']);
const ticketStatus = z.enum(['open', 'in_progress', 'waiting', 'resolved', 'closed']);
const tier = z.number().int().min(1).max(3);

export const ticket = z.object({
  id,
  tenant_id: id,
  customer_id: id.nullable(),
  number: z.string(),
  subject: z.string(),
  body: z.string(),
  category,
  priority,
  tier: z.number(),
  status: ticketStatus,
  disputed_amount: z.number().nullable(),
  affected_customers: z.number(),
  assignee_id: id.nullable(),
  opened_at: timestamp,
  first_response_at: timestamp.nullable(),
  resolved_at: timestamp.nullable(),
  created_at: timestamp,
});

export const ticketQuery = pageQuery.extend({
  customer_id: id.optional(),
  customer_email: z.string().optional(),
  number: z.string().optional(),
  category: category.optional(),
  priority: priority.optional(),
  tier: z.coerce.number().int().min(1).max(3).optional(),
  status: ticketStatus.optional(),
  q: z.string().min(1).max(100).optional().describe('Part of subject or body'),
  ...createdBetween,
});

export const ticketCreate = z.strictObject({
  customer_id: id.optional(),
  subject: text(200),
  body: text(5_000).optional(),
  category,
  priority: priority.default('normal'),
  tier: tier.default(1),
  disputed_amount: amount.positive().optional(),
  affected_customers: z.number().int().min(1).max(10_000_000).optional(),
});

export const ticketUpdate = z
  .strictObject({
    category,
    priority,
    tier,
    status: ticketStatus,
    assignee_id: id.nullable(),
    subject: text(200),
    body: text(5_000),
  })
  .partial();

export type Ticket = z.infer<typeof ticket>;
