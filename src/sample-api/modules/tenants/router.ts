import type { FastifyInstance } from 'fastify';
import type { Platform } from '../../shared/platform.ts';
import { addCrudRoutes } from '../../shared/router-factory.ts';
import { tenantRepository } from './repository.ts';
import { tenant, tenantQuery } from './schemas.ts';
import { tenantService } from './service.ts';

export function addTenants(app: FastifyInstance, { db }: Platform): void {
  addCrudRoutes(app, {
    path: '/tenants',
    tag: 'tenants',
    resource: 'tenant',
    row: tenant,
    query: tenantQuery,
    service: tenantService(db, tenantRepository()),
  });
}
