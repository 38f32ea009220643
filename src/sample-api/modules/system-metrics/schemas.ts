import { z } from 'zod';
import { instant, pageQuery, timestamp } from '../../shared/fields.ts';

export const systemMetric = z.object({
  id: z.number(),
  at: timestamp,
  cpu_percent: z.number(),
  memory_percent: z.number(),
  disk_percent: z.number(),
  active_users: z.number(),
  response_time_ms: z.number(),
  up: z.boolean(),
});

export const systemMetricQuery = pageQuery.extend({
  from: instant.optional().describe('Sampled at or after'),
  to: instant.optional().describe('Sampled before'),
  up: z.enum(['true', 'false']).optional(),
});

export type SystemMetric = z.infer<typeof systemMetric>;
