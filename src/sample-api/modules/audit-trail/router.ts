import type { FastifyInstance } from 'fastify';
import type { Platform } from '../../shared/platform.ts';
import { addCrudRoutes } from '../../shared/router-factory.ts';
import { auditEntryRepository } from './repository.ts';
import { auditEntry, auditEntryQuery } from './schemas.ts';
import { auditEntryService } from './service.ts';

export function addAuditTrail(app: FastifyInstance, { db }: Platform): void {
  addCrudRoutes(app, {
    path: '/audit-trail',
    tag: 'audit trail',
    resource: 'audit',
    row: auditEntry,
    query: auditEntryQuery,
    get: false,
    service: auditEntryService(db, auditEntryRepository()),
  });
}
