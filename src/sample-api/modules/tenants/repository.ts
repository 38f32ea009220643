import { crudRepository } from '../../shared/crud-repository.ts';
import type { Tenant } from './schemas.ts';

export const tenantRepository = () =>
  crudRepository<Tenant>({
    table: 'tenants',
    columns: ['id', 'name', 'slug', 'status', 'created_at'],
    filters: {},
    tenantColumn: 'id',
  });
