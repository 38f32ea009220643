import { crudRepository } from '../../shared/crud-repository.ts';
import { ofCustomerEmail } from '../../shared/references.ts';
import type { Usage } from './schemas.ts';

export const usageRepository = () =>
  crudRepository<Usage>({
    table: 'usage_records',
    columns: [
      'id',
      'tenant_id',
      'customer_id',
      'service_id',
      'day',
      'download_gb',
      'upload_gb',
      'minutes',
      'created_at',
    ],
    filters: {
      customer_id: 't.customer_id = $?',
      customer_email: ofCustomerEmail,
      service_id: 't.service_id = $?',
      from: 't.day >= $?::date',
      to: 't.day < $?::date',
    },
  });
