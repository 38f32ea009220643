import { z } from 'zod';
import { createdBetween, id, pageQuery, text, timestamp } from '../../shared/fields.ts';
import { service } from '../services/schemas.ts';

export const customerStatus = z.enum(['prospect', 'active', 'suspended', 'churned']);

export const customer = z.object({
  id,
  tenant_id: id,
  account_number: z.string(),
  first_name: z.string(),
  last_name: z.string(),
  email: z.string(),
  phone: z.string().nullable(),
  street: z.string().nullable(),
  city: z.string().nullable(),
  postal_code: z.string().nullable(),
  status: customerStatus,
  created_at: timestamp,
  churned_at: timestamp.nullable(),
  services: z.array(service).optional().describe('With ?include=services'),
  last_paid_at: timestamp.nullable().optional().describe('With ?include=services'),
});

export const customerQuery = pageQuery.extend({
  status: customerStatus.optional(),
  email: z.string().optional(),
  phone: z.string().optional(),
  account_number: z.string().optional(),
  city: z.string().optional(),
  q: z.string().min(1).max(100).optional().describe('Part of name, e-mail or account number'),
  include: z.enum(['services']).optional(),
  ...createdBetween,
});

export const customerCreate = z.strictObject({
  first_name: text(100),
  last_name: text(100),
  email: z.email().max(254),
  phone: z
    .string()
    .regex(/^\+?[\d ()-]{5,30}$/, 'digits, spaces, ( ) - and a leading +')
    .optional(),
  street: text(200).optional(),
  city: text(100).optional(),
  postal_code: text(20).optional(),
  status: customerStatus.exclude(['churned']).default('active'),
});

export const customerUpdate = customerCreate.extend({ status: customerStatus }).partial();

export type Customer = z.infer<typeof customer>;
