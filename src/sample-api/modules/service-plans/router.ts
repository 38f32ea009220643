import type { FastifyInstance } from 'fastify';
import type { Platform } from '../../shared/platform.ts';
import { addCrudRoutes } from '../../shared/router-factory.ts';
import { servicePlanRepository } from './repository.ts';
import { servicePlan, servicePlanCreate, servicePlanQuery, servicePlanUpdate } from './schemas.ts';
import { servicePlanService } from './service.ts';

export function addServicePlans(app: FastifyInstance, { db }: Platform): void {
  addCrudRoutes(app, {
    path: '/service-plans',
    tag: 'service plans',
    resource: 'plan',
    row: servicePlan,
    query: servicePlanQuery,
    create: servicePlanCreate,
    update: servicePlanUpdate,
    remove: true,
    service: servicePlanService(db, servicePlanRepository()),
  });
}
