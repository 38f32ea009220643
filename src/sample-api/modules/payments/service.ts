import type { CrudRepository } from '../../shared/crud-repository.ts';
import { crudService } from '../../shared/crud-service.ts';
import type { Database } from '../../shared/database.ts';
import type { Payment } from './schemas.ts';

export const paymentService = (db: Database, repository: CrudRepository<Payment>) =>
  crudService<Payment>(db, 'payment', repository);
