import type { CrudRepository } from '../../shared/crud-repository.ts';
import { crudService } from '../../shared/crud-service.ts';
import type { Database } from '../../shared/database.ts';
import type { Usage } from './schemas.ts';

export const usageService = (db: Database, repository: CrudRepository<Usage>) =>
  crudService<Usage>(db, 'usage_record', repository);
