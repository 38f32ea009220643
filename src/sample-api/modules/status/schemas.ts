import { z } from 'zod';
import { id, timestamp } from '../../shared/fields.ts';
import { customerStatus } from '../customers/schemas.ts';
import { serviceStatus, serviceType } from '../services/schemas.ts';

export const customerOverview = z.object({
  customer_id: id,
  account_number: z.string(),
  status: customerStatus,
  services: z.array(
    z.object({ id, name: z.string(), type: serviceType, status: serviceStatus, monthly_rate: z.number() }),
  ),
  open_tickets: z.number(),
  overdue_amount: z.number(),
  last_payment_at: timestamp.nullable(),
});

export type CustomerOverview = z.infer<typeof customerOverview>;
