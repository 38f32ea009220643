import type { FastifyInstance } from 'fastify';
import type { Platform } from '../shared/platform.ts';
import { addAuditTrail } from './audit-trail/router.ts';
import { addAuth } from './auth/router.ts';
import { addCustomerNotes } from './customer-notes/router.ts';
import { addCustomers } from './customers/router.ts';
import { addInvoices } from './invoices/router.ts';
import { addPayments } from './payments/router.ts';
import { addServicePlans } from './service-plans/router.ts';
import { addServices } from './services/router.ts';
import { addStatus } from './status/router.ts';
import { addSystemMetrics } from './system-metrics/router.ts';
import { addTenants } from './tenants/router.ts';
import { addTickets } from './tickets/router.ts';
import { addUsage } from './usage/router.ts';
import { addUsers } from './users/router.ts';

/** In the order in which the documentation shows them. */
const modules: readonly ((app: FastifyInstance, platform: Platform) => void)[] = [
  addAuth,
  addTenants,
  addUsers,
  addCustomers,
  addCustomerNotes,
  addServicePlans,
  addServices,
  addInvoices,
  addPayments,
  addTickets,
  addUsage,
  addStatus,
  addSystemMetrics,
  addAuditTrail,
];

export function addModules(app: FastifyInstance, platform: Platform): void {
  for (const add of modules) add(app, platform);
}
