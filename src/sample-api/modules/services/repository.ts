import { crudRepository } from '../../shared/crud-repository.ts';
import { ofCustomerEmail } from '../../shared/references.ts';
import type { Service } from './schemas.ts';

export const serviceRepository = () =>
  crudRepository<Service>({
    table: 'services',
    columns: [
      'id',
      'tenant_id',
      'customer_id',
      'plan_id',
      'name',
      'type',
      'status',
      'monthly_rate',
      'started_at',
      'ended_at',
      'created_at',
    ],
    filters: {
      customer_id: 't.customer_id = $?',
      customer_email: ofCustomerEmail,
      plan_id: 't.plan_id = $?',
      type: 't.type = $?',
      status: 't.status = $?',
      created_from: 't.created_at >= $?::timestamptz',
      created_to: 't.created_at < $?::timestamptz',
    },
  });
