import type { CrudRepository } from '../../shared/crud-repository.ts';
import { crudService } from '../../shared/crud-service.ts';
import type { Database } from '../../shared/database.ts';
import type { SystemMetric } from './schemas.ts';

export const systemMetricService = (db: Database, repository: CrudRepository<SystemMetric>) =>
  crudService<SystemMetric>(db, 'system_metric', repository);
