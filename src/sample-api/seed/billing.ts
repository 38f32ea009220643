import type { Customer } from './customers.ts';
import type { Random } from './random.ts';
import { type Cell, dateOnly, day, iso, money, monthStart } from './rows.ts';
import { AS_OF } from './version.ts';

export const invoiceColumns = {
  id: 'uuid',
  tenant_id: 'uuid',
  customer_id: 'uuid',
  number: 'text',
  period_start: 'date',
  period_end: 'date',
  total_amount: 'numeric',
  status: 'text',
  issued_at: 'timestamptz',
  due_at: 'timestamptz',
  paid_at: 'timestamptz',
  created_at: 'timestamptz',
} as const;
export const itemColumns = {
  id: 'uuid',
  tenant_id: 'uuid',
  invoice_id: 'uuid',
  service_id: 'uuid',
  description: 'text',
  quantity: 'int',
  unit_amount: 'numeric',
  amount: 'numeric',
} as const;
export const paymentColumns = {
  id: 'uuid',
  tenant_id: 'uuid',
  invoice_id: 'uuid',
  customer_id: 'uuid',
  amount: 'numeric',
  method: 'text',
  status: 'text',
  reference: 'text',
  paid_at: 'timestamptz',
  created_at: 'timestamptz',
} as const;

export interface Bills {
  invoices: Cell[][];
  items: Cell[][];
  payments: Cell[][];
}

const asOf = AS_OF.getTime();

/**
 * Every month of a customer, billed in advance at full price: issued on the 1st (or on the day the first service
 * began), due 14 days later, mostly paid in between.
 */
export function generateBills(random: Random, customer: Customer, nextNumber: () => number): Bills {
  const bills: Bills = { invoices: [], items: [], payments: [] };
  const method = random.pick(['card', 'direct_debit', 'direct_debit', 'bank_transfer', 'cash'] as const);
  const last = customer.churned ?? asOf - 1;
  for (let start = monthStart(customer.created); start <= last; start = monthStart(start, 1)) {
    const end = monthStart(start, 1);
    const billed = customer.services.filter((s) => s.started < end && (s.ended ?? asOf + day) > start);
    const cents = billed.reduce((sum, service) => sum + service.cents, 0);
    if (cents === 0) continue;
    const id = random.uuid();
    const issued = Math.max(start + 6 * 3_600_000, Math.min(...billed.map((s) => s.started)));
    const due = issued + 14 * day;
    const outcome = settle(random, customer, issued, due);
    const number = `INV-${String(nextNumber()).padStart(7, '0')}`;
    const paidAt = outcome.paid === undefined ? null : iso(outcome.paid);
    bills.invoices.push([
      id,
      customer.tenant.id,
      customer.id,
      number,
      dateOnly(start),
      dateOnly(end - day),
      money(cents),
      outcome.status,
      iso(issued),
      iso(due),
      paidAt,
      iso(issued),
    ]);
    for (const service of billed)
      bills.items.push([
        random.uuid(),
        customer.tenant.id,
        id,
        service.id,
        service.plan.name,
        1,
        money(service.cents),
        money(service.cents),
      ]);
    const payment = (status: string, at: number) =>
      bills.payments.push([
        random.uuid(),
        customer.tenant.id,
        id,
        customer.id,
        money(cents),
        method,
        status,
        `PAY-${number.slice(4)}`,
        iso(at),
        iso(at),
      ]);
    if (method === 'card' && random.chance(0.03) && issued + 3_600_000 < asOf)
      payment('failed', issued + 3_600_000);
    if (outcome.paid !== undefined) payment('succeeded', outcome.paid);
  }
  return bills;
}

function settle(
  random: Random,
  customer: Customer,
  issued: number,
  due: number,
): { status: string; paid?: number } {
  if (random.chance(0.008)) return { status: 'void' };
  const late = customer.status === 'suspended' && asOf - issued < 75 * day;
  const paid =
    Math.floor((issued + (0.1 + 13 * random.next() ** 1.6 + (random.chance(0.06) ? 9 : 0)) * day) / 1000) *
    1000;
  if (!late && random.chance(0.97) && paid < asOf) return { status: 'paid', paid };
  return { status: due < asOf ? 'overdue' : 'issued' };
}
