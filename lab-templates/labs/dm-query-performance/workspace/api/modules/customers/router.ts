import type { FastifyInstance } from 'fastify';
import type { Platform } from '../../shared/platform.ts';
import { addCrudRoutes } from '../../shared/router-factory.ts';
import { customerRepository } from './repository.ts';
import { customer, customerCreate, customerQuery, customerUpdate } from './schemas.ts';
import { customerService } from './service.ts';

export function addCustomers(app: FastifyInstance, { db }: Platform): void {
  addCrudRoutes(app, {
    path: '/customers',
    tag: 'customers',
    resource: 'customer',
    row: customer,
    query: customerQuery,
    create: customerCreate,
    update: customerUpdate,
    remove: true,
    service: customerService(db, customerRepository()),
  });
}
