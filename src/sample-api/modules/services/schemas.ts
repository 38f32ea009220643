import { z } from 'zod';
import { amount, createdBetween, id, instant, pageQuery, text, timestamp } from '../../shared/fields.ts';

export const serviceType = z.enum(['internet', 'phone', 'tv', 'mobile', 'hosting']);
export const serviceStatus = z.enum(['pending', 'active', 'suspended', 'cancelled']);

export const service = z.object({
  id,
  tenant_id: id,
  customer_id: id,
  plan_id: id.nullable(),
  name: z.string(),
  type: serviceType,
  status: serviceStatus,
  monthly_rate: z.number(),
  started_at: timestamp,
  ended_at: timestamp.nullable(),
  created_at: timestamp,
});

export const serviceQuery = pageQuery.extend({
  customer_id: id.optional(),
  customer_email: z.string().optional(),
  plan_id: id.optional(),
  type: serviceType.optional(),
  status: serviceStatus.optional(),
  ...createdBetween,
});

export const serviceCreate = z.strictObject({
  customer_id: id,
  plan_id: id.optional(),
  name: text(200),
  type: serviceType,
  monthly_rate: amount,
  status: serviceStatus.exclude(['cancelled']).default('active'),
  started_at: instant.optional(),
});

export const serviceUpdate = z
  .strictObject({ plan_id: id.nullable(), name: text(200), monthly_rate: amount, status: serviceStatus })
  .partial();

export type Service = z.infer<typeof service>;
