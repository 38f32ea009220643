import { type CrudRepository, databaseNow } from '../../shared/crud-repository.ts';
import { crudService } from '../../shared/crud-service.ts';
import type { Database } from '../../shared/database.ts';
import { requireOwn } from '../../shared/references.ts';
import type { Service } from './schemas.ts';

export const serviceService = (db: Database, repository: CrudRepository<Service>) =>
  crudService<Service>(db, 'service', repository, {
    async prepare(sql, { tenantId }, values) {
      await requireOwn(sql, tenantId, 'customers', values.customer_id);
      await requireOwn(sql, tenantId, 'service_plans', values.plan_id);
      // A service has an end exactly while it is cancelled.
      const { status } = values;
      return status === undefined
        ? values
        : { ...values, ended_at: status === 'cancelled' ? databaseNow : null };
    },
  });
