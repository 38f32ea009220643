import type { FastifyInstance } from 'fastify';
import type { Platform } from '../../shared/platform.ts';
import { addCrudRoutes } from '../../shared/router-factory.ts';
import { systemMetricRepository } from './repository.ts';
import { systemMetric, systemMetricQuery } from './schemas.ts';
import { systemMetricService } from './service.ts';

export function addSystemMetrics(app: FastifyInstance, { db }: Platform): void {
  addCrudRoutes(app, {
    path: '/system-metrics',
    tag: 'system metrics',
    resource: 'metrics',
    row: systemMetric,
    query: systemMetricQuery,
    get: false,
    service: systemMetricService(db, systemMetricRepository()),
  });
}
