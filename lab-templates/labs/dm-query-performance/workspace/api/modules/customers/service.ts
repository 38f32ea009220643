import { databaseNow, type Values } from '../../shared/crud-repository.ts';
import { type CrudService, crudService } from '../../shared/crud-service.ts';
import type { Database } from '../../shared/database.ts';
import type { CustomerRepository } from './repository.ts';
import type { Customer } from './schemas.ts';

export function customerService(db: Database, repository: CustomerRepository): CrudService<Customer> {
  const stock = crudService<Customer>(db, 'customer', repository, {
    prepare: (_sql, _caller, values) => withChurn(values),
  });
  return {
    ...stock,

    async list(caller, query) {
      const page = await stock.list(caller, query);
      if (query.include !== 'services') return page;
      // For the portal's overview: what every customer has with us, and (since May, for support) when they last paid.
      const items: Customer[] = [];
      for (const customer of page.items) {
        const services = await repository.servicesOf(db, caller.tenantId, customer.id);
        const last_paid_at = await repository.lastPaidAt(db, caller.tenantId, customer.id);
        items.push({ ...customer, services, last_paid_at });
      }
      return { ...page, items };
    },
  };
}

/** A customer has a churn date exactly while they are churned. */
function withChurn(values: Values): Values {
  const { status } = values;
  if (status === undefined) return values;
  return { ...values, churned_at: status === 'churned' ? databaseNow : null };
}
