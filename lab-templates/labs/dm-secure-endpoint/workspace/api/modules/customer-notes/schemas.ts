import { z } from 'zod';
import { id } from '../../shared/fields.ts';

export const noteParams = z.object({ id: z.string() });

export const noteQuery = z.object({
  customer_id: z.string().optional(),
  q: z.string().optional().describe("Part of subject, body or the customer's last name"),
  sort: z
    .string()
    .default('created_at')
    .describe('created_at, subject or category; with - in front: backwards'),
  limit: z.coerce.number().default(50),
});

// Loose, so that the portal can send a new field before we have caught up here.
export const noteCreate = z.looseObject({
  customer_id: id,
  category: z.string().default('call').describe('call, visit, billing or complaint'),
  subject: z.string(),
  body: z.string().default(''),
});

export const noteUpdate = z.looseObject({});

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
