import { crudRepository } from '../../shared/crud-repository.ts';
import type { SystemMetric } from './schemas.ts';

export const systemMetricRepository = () =>
  crudRepository<SystemMetric>({
    table: 'system_metrics',
    columns: [
      'id',
      'at',
      'cpu_percent',
      'memory_percent',
      'disk_percent',
      'active_users',
      'response_time_ms',
      'up',
    ],
    filters: { from: 't.at >= $?::timestamptz', to: 't.at < $?::timestamptz', up: 't.up = $?::boolean' },
    orderBy: 'at',
    idType: 'bigint',
    tenantColumn: null,
  });
