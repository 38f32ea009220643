import type { FastifyInstance } from 'fastify';
import type { Platform } from '../../shared/platform.ts';
import { addCrudRoutes } from '../../shared/router-factory.ts';
import { paymentRepository } from './repository.ts';
import { payment, paymentQuery } from './schemas.ts';
import { paymentService } from './service.ts';

export function addPayments(app: FastifyInstance, { db }: Platform): void {
  addCrudRoutes(app, {
    path: '/payments',
    tag: 'payments',
    resource: 'payment',
    row: payment,
    query: paymentQuery,
    service: paymentService(db, paymentRepository()),
  });
}
