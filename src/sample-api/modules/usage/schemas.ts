import { z } from 'zod';
import { date, id, pageQuery, timestamp } from '../../shared/fields.ts';

export const usage = z.object({
  id,
  tenant_id: id,
  customer_id: id,
  service_id: id,
  day: date,
  download_gb: z.number(),
  upload_gb: z.number(),
  minutes: z.number(),
  created_at: timestamp,
});

export const usageQuery = pageQuery.extend({
  customer_id: id.optional(),
  customer_email: z.string().optional(),
  service_id: id.optional(),
  from: z.iso.date().optional().describe('First day'),
  to: z.iso.date().optional().describe('Day after the last'),
});

export type Usage = z.infer<typeof usage>;
