import type { CrudRepository } from '../../shared/crud-repository.ts';
import { crudService } from '../../shared/crud-service.ts';
import type { Database } from '../../shared/database.ts';
import type { ServicePlan } from './schemas.ts';

export const servicePlanService = (db: Database, repository: CrudRepository<ServicePlan>) =>
  crudService<ServicePlan>(db, 'service_plan', repository);
