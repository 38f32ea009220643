import { crudRepository } from '../../shared/crud-repository.ts';
import type { AuditEntry } from './schemas.ts';

export const auditEntryRepository = () =>
  crudRepository<AuditEntry>({
    table: 'observability.audit_trail',
    columns: ['id', 'at', 'tenant_id', 'actor', 'action', 'entity_type', 'entity_id', 'details', 'act'],
    filters: {
      action: 't.action = $?',
      actor: 't.actor = $?',
      entity_type: 't.entity_type = $?',
      entity_id: 't.entity_id = $?',
      from: 't.at >= $?::timestamptz',
      to: 't.at < $?::timestamptz',
    },
    orderBy: 'at',
    idType: 'bigint',
  });
