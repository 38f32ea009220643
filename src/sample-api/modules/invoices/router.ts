import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { idParams, problem } from '../../shared/fields.ts';
import type { Platform } from '../../shared/platform.ts';
import { addCrudRoutes, callerOf, idOf } from '../../shared/router-factory.ts';
import { invoiceRepository } from './repository.ts';
import {
  type InvoicePay,
  invoice,
  invoicePay,
  invoiceQuery,
  invoiceWithItems,
  ofCustomer,
  paidInvoice,
} from './schemas.ts';
import { invoiceService } from './service.ts';

export function addInvoices(app: FastifyInstance, { db, performanceMonitor }: Platform): void {
  const service = invoiceService(db, invoiceRepository());
  const generate = performanceMonitor('invoice_generation')(service.generate);
  const schema = { tags: ['invoices'], security: [{ bearer: [] }] };
  const config = { permission: 'invoice:write' };

  addCrudRoutes(app, {
    path: '/invoices',
    tag: 'invoices',
    resource: 'invoice',
    row: invoice,
    query: invoiceQuery,
    get: false,
    service,
  });

  app.get(
    '/invoices/:id',
    {
      config: { permission: 'invoice:read' },
      schema: {
        ...schema,
        summary: 'Read one, with its items',
        params: idParams,
        response: { 200: invoiceWithItems, '4xx': problem },
      },
    },
    (request) => service.get(callerOf(request), idOf(request)),
  );
  app.post(
    '/invoices/generate/:customer_id',
    {
      config,
      schema: {
        ...schema,
        summary: "Bill a customer's active services for this month",
        params: ofCustomer,
        response: { 201: invoiceWithItems, '4xx': problem },
      },
    },
    async (request, reply) => {
      reply.code(201);
      return generate(callerOf(request), (request.params as z.infer<typeof ofCustomer>).customer_id);
    },
  );
  app.post(
    '/invoices/:id/pay',
    {
      config: { permission: 'payment:write' },
      schema: {
        ...schema,
        summary: 'Pay one in full',
        params: idParams,
        body: invoicePay,
        response: { 200: paidInvoice, '4xx': problem },
      },
    },
    (request) => service.pay(callerOf(request), idOf(request), request.body as InvoicePay),
  );
  app.post(
    '/invoices/:id/void',
    {
      config,
      schema: {
        ...schema,
        summary: 'Take an unpaid one back',
        params: idParams,
        response: { 200: invoice, '4xx': problem },
      },
    },
    (request) => service.void(callerOf(request), idOf(request)),
  );
}
