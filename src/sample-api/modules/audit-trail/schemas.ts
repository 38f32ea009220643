import { z } from 'zod';
import { id, instant, pageQuery, timestamp } from '../../shared/fields.ts';

export const auditEntry = z.object({
  id: z.number(),
  at: timestamp,
  tenant_id: id,
  actor: z.string(),
  action: z.string(),
  entity_type: z.string(),
  entity_id: id,
  details: z.record(z.string(), z.unknown()),
  act: z.string().nullable(),
});

export const auditEntryQuery = pageQuery.extend({
  action: z.string().optional(),
  actor: z.string().optional(),
  entity_type: z.string().optional(),
  entity_id: id.optional(),
  from: instant.optional().describe('At or after'),
  to: instant.optional().describe('Before'),
});

export type AuditEntry = z.infer<typeof auditEntry>;
