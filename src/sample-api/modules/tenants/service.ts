import type { CrudRepository } from '../../shared/crud-repository.ts';
import { crudService } from '../../shared/crud-service.ts';
import type { Database } from '../../shared/database.ts';
import type { Tenant } from './schemas.ts';

export const tenantService = (db: Database, repository: CrudRepository<Tenant>) =>
  crudService<Tenant>(db, 'tenant', repository);
