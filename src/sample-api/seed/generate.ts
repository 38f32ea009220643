import { generateBills, invoiceColumns, itemColumns, paymentColumns } from './billing.ts';
import {
  type Customer,
  customerColumns,
  customerRow,
  generateCustomer,
  serviceColumns,
} from './customers.ts';
import { generateMetrics, generateTickets, generateUsage, usageColumns } from './operations.ts';
import { randomStream } from './random.ts';
import { type Cell, iso, money, type Rows } from './rows.ts';
import { generateTenants } from './tenants.ts';
import type { Scale } from './version.ts';

const customersABatch = 400;

/** All rows of DotMac, in batches, in an order that a database without keys can take. Pure: seed and scale decide. */
export function* generate(seed: number, scale: Scale): Generator<Rows> {
  const { tenants, rows } = generateTenants(seed, scale);
  yield* rows;

  const customers = generateCustomers(seed, scale, tenants);
  const [bills, usage] = [randomStream(seed, 'bills'), randomStream(seed, 'usage')];
  let invoiceNumber = 1_000;
  for (let from = 0; from < customers.length; from += customersABatch) {
    const batch = customers.slice(from, from + customersABatch);
    const made = batch.map((customer) => generateBills(bills, customer, () => ++invoiceNumber));
    yield { table: 'customers', columns: customerColumns, rows: batch.map(customerRow) };
    yield { table: 'services', columns: serviceColumns, rows: batch.flatMap(serviceRows) };
    yield { table: 'invoices', columns: invoiceColumns, rows: made.flatMap((bill) => bill.invoices) };
    yield { table: 'invoice_items', columns: itemColumns, rows: made.flatMap((bill) => bill.items) };
    yield { table: 'payments', columns: paymentColumns, rows: made.flatMap((bill) => bill.payments) };
    yield {
      table: 'usage_records',
      columns: usageColumns,
      rows: batch.flatMap((customer) => generateUsage(usage, customer, scale)),
    };
  }
  yield generateTickets(seed, scale, customers);
  yield generateMetrics(seed, scale);
}

function generateCustomers(
  seed: number,
  scale: Scale,
  tenants: Parameters<typeof generateCustomer>[1],
): Customer[] {
  const random = randomStream(seed, 'customers');
  return Array.from({ length: scale.customers }, (_, number) =>
    generateCustomer(random, tenants, scale, number),
  );
}

function serviceRows(customer: Customer): Cell[][] {
  return customer.services.map((s) => [
    s.id,
    customer.tenant.id,
    customer.id,
    s.plan.id,
    s.plan.name,
    s.plan.type,
    s.status,
    money(s.cents),
    iso(s.started),
    s.ended === undefined ? null : iso(s.ended),
    iso(s.started),
  ]);
}
