import { z } from 'zod';
import { id, pageQuery, timestamp } from '../../shared/fields.ts';

export const tenant = z.object({
  id,
  name: z.string(),
  slug: z.string(),
  status: z.enum(['active', 'suspended']),
  created_at: timestamp,
});

/** A caller sees one tenant: their own. */
export const tenantQuery = pageQuery;

export type Tenant = z.infer<typeof tenant>;
