import { z } from 'zod';
import { id, idParams, pageQuery, text } from '../../shared/fields.ts';

export const noteParams = idParams;

const category = z.enum(['call', 'visit', 'billing', 'complaint']);
const sort = z.enum(['created_at', '-created_at', 'subject', '-subject', 'category', '-category']);

export const noteQuery = z.object({
  customer_id: id.optional(),
  q: z.string().max(100).optional().describe("Part of subject, body or the customer's last name"),
  sort: sort.default('created_at').describe('With - in front: backwards'),
  limit: pageQuery.shape.limit,
});

export const noteCreate = z.strictObject({
  customer_id: id,
  category: category.default('call'),
  subject: text(200),
  body: z.string().max(5_000).default(''),
});

export const noteUpdate = z
  .strictObject({ category, subject: text(200), body: z.string().max(5_000) })
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, 'says nothing to change');

export interface Note {
  id: string;
  tenant_id: string;
  customer_id: string;
  customer_name: string;
  author_id: string;
  category: string;
  subject: string;
  body: string;
  created_at: string;
}

export type NoteQuery = z.infer<typeof noteQuery>;
export type NoteCreate = z.infer<typeof noteCreate>;
export type NoteUpdate = z.infer<typeof noteUpdate>;
