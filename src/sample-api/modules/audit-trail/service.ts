import type { CrudRepository } from '../../shared/crud-repository.ts';
import { crudService } from '../../shared/crud-service.ts';
import type { Database } from '../../shared/database.ts';
import type { AuditEntry } from './schemas.ts';

export const auditEntryService = (db: Database, repository: CrudRepository<AuditEntry>) =>
  crudService<AuditEntry>(db, 'audit_entry', repository);
