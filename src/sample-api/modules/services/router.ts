import type { FastifyInstance } from 'fastify';
import type { Platform } from '../../shared/platform.ts';
import { addCrudRoutes } from '../../shared/router-factory.ts';
import { serviceRepository } from './repository.ts';
import { service, serviceCreate, serviceQuery, serviceUpdate } from './schemas.ts';
import { serviceService } from './service.ts';

export function addServices(app: FastifyInstance, { db }: Platform): void {
  addCrudRoutes(app, {
    path: '/services',
    tag: 'services',
    resource: 'service',
    row: service,
    query: serviceQuery,
    create: serviceCreate,
    update: serviceUpdate,
    remove: true,
    service: serviceService(db, serviceRepository()),
  });
}
