import { type CrudRepository, databaseNow } from '../../shared/crud-repository.ts';
import { crudService } from '../../shared/crud-service.ts';
import type { Database } from '../../shared/database.ts';
import { requireOwn } from '../../shared/references.ts';
import type { Ticket } from './schemas.ts';

const solved = ['resolved', 'closed'];

export const ticketService = (db: Database, repository: CrudRepository<Ticket>) =>
  crudService<Ticket>(db, 'ticket', repository, {
    async prepare(sql, { tenantId }, values) {
      await requireOwn(sql, tenantId, 'customers', values.customer_id);
      await requireOwn(sql, tenantId, 'users', values.assignee_id);
      // A ticket has a time of solution exactly while it is resolved or closed.
      const { status } = values;
      return typeof status === 'string'
        ? { ...values, resolved_at: solved.includes(status) ? databaseNow : null }
        : values;
    },
  });
