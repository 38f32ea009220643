import { crudRepository } from '../../shared/crud-repository.ts';
import type { ServicePlan } from './schemas.ts';

export const servicePlanRepository = () =>
  crudRepository<ServicePlan>({
    table: 'service_plans',
    columns: [
      'id',
      'tenant_id',
      'code',
      'name',
      'type',
      'monthly_rate',
      'download_mbps',
      'upload_mbps',
      'status',
      'created_at',
    ],
    filters: { code: 't.code = $?', type: 't.type = $?', status: 't.status = $?' },
  });
