import { z } from 'zod';
import { id, pageQuery, text, timestamp } from '../../shared/fields.ts';

const role = z.enum(['admin', 'manager', 'engineer', 'support', 'billing', 'trainee']);
const status = z.enum(['active', 'disabled']);
const permission = z
  .string()
  .regex(/^[a-z]+:(read|write|\*)$/, 'resource:read, resource:write or resource:*');

export const user = z.object({
  id,
  tenant_id: id,
  email: z.string(),
  name: z.string(),
  role,
  permissions: z.array(z.string()),
  status,
  created_at: timestamp,
});

export const userQuery = pageQuery.extend({
  email: z.string().optional(),
  role: role.optional(),
  status: status.optional(),
});

export const userCreate = z.strictObject({
  email: z.email().max(254),
  name: text(200),
  role,
  permissions: z.array(permission).max(50).default([]),
  password: z.string().min(12).max(200).optional(),
});

export const userUpdate = z
  .strictObject({
    name: text(200),
    role,
    permissions: z.array(permission).max(50),
    status,
    password: z.string().min(12).max(200),
  })
  .partial();

export type User = z.infer<typeof user>;
