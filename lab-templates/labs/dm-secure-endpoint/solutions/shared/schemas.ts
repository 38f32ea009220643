import { z } from 'zod';
import { id, pageQuery, text, timestamp } from '../../shared/fields.ts';

const category = z.enum(['call', 'visit', 'billing', 'complaint']);
const body = z.string().max(5_000);

export const note = z.object({
  id,
  tenant_id: id,
  customer_id: id,
  customer_name: z.string(),
  author_id: id,
  category,
  subject: z.string(),
  body: z.string(),
  created_at: timestamp,
});

export const noteQuery = pageQuery.extend({
  customer_id: id.optional(),
  q: z.string().max(100).optional().describe("Part of subject, body or the customer's last name"),
  sort: z
    .enum(['created_at', '-created_at', 'subject', '-subject', 'category', '-category'])
    .default('created_at')
    .describe('With - in front: backwards'),
});

export const noteCreate = z.strictObject({
  customer_id: id,
  category: category.default('call'),
  subject: text(200),
  body: body.default(''),
});

export const noteUpdate = z.strictObject({ category, subject: text(200), body }).partial();

export type Note = z.infer<typeof note>;
