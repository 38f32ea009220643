import { z } from 'zod';
import { id, timestamp } from '../../shared/fields.ts';

export const login = z.strictObject({
  email: z.string().min(1).max(254),
  password: z.string().min(1).max(200),
});
export const issued = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.number(),
});
export const me = z.object({
  id,
  email: z.string().nullable(),
  tenant_id: id,
  permissions: z.array(z.string()),
  act: z.string().nullable(),
  expires_at: timestamp,
});

export type Login = z.infer<typeof login>;
