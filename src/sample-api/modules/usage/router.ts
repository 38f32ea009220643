import type { FastifyInstance } from 'fastify';
import type { Platform } from '../../shared/platform.ts';
import { addCrudRoutes } from '../../shared/router-factory.ts';
import { usageRepository } from './repository.ts';
import { usage, usageQuery } from './schemas.ts';
import { usageService } from './service.ts';

export function addUsage(app: FastifyInstance, { db }: Platform): void {
  addCrudRoutes(app, {
    path: '/usage',
    tag: 'usage records',
    resource: 'usage',
    row: usage,
    query: usageQuery,
    service: usageService(db, usageRepository()),
  });
}
