import { z } from 'zod';
import { amount, id, pageQuery, text, timestamp } from '../../shared/fields.ts';
import { serviceType } from '../services/schemas.ts';

const status = z.enum(['active', 'retired']);
const mbps = z.number().int().min(1).max(1_000_000);

export const servicePlan = z.object({
  id,
  tenant_id: id,
  code: z.string(),
  name: z.string(),
  type: serviceType,
  monthly_rate: z.number(),
  download_mbps: z.number().nullable(),
  upload_mbps: z.number().nullable(),
  status,
  created_at: timestamp,
});

export const servicePlanQuery = pageQuery.extend({
  code: z.string().optional(),
  type: serviceType.optional(),
  status: status.optional(),
});

export const servicePlanCreate = z.strictObject({
  code: z.string().regex(/^[A-Z0-9-]{2,30}$/, 'capitals, digits and -'),
  name: text(200),
  type: serviceType,
  monthly_rate: amount,
  download_mbps: mbps.optional(),
  upload_mbps: mbps.optional(),
  status: status.default('active'),
});

export const servicePlanUpdate = servicePlanCreate.extend({ status }).partial();

export type ServicePlan = z.infer<typeof servicePlan>;
