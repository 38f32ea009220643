import type { FastifyInstance } from 'fastify';
import type { Platform } from '../../shared/platform.ts';
import { addCrudRoutes } from '../../shared/router-factory.ts';
import { ticketRepository } from './repository.ts';
import { ticket, ticketCreate, ticketQuery, ticketUpdate } from './schemas.ts';
import { ticketService } from './service.ts';

export function addTickets(app: FastifyInstance, { db }: Platform): void {
  addCrudRoutes(app, {
    path: '/tickets',
    tag: 'tickets',
    resource: 'ticket',
    row: ticket,
    query: ticketQuery,
    create: ticketCreate,
    update: ticketUpdate,
    service: ticketService(db, ticketRepository()),
  });
}
