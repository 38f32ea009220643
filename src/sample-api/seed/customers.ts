import type { Random } from './random.ts';
import { day, iso, monthStart } from './rows.ts';
import type { Plan, Tenant } from './tenants.ts';
import { AS_OF, type Scale } from './version.ts';
import { cities, firstNames, lastNames, plans, streets } from './words.ts';

interface Service {
  id: string;
  plan: Plan;
  cents: number;
  status: 'active' | 'suspended' | 'cancelled' | 'pending';
  started: number;
  ended: number | undefined;
}

export interface Customer {
  id: string;
  tenant: Tenant;
  account: string;
  first: string;
  last: string;
  email: string;
  phone: string;
  street: string;
  city: string;
  postalCode: string;
  status: 'prospect' | 'active' | 'suspended' | 'churned';
  created: number;
  churned: number | undefined;
  services: Service[];
}

const saleWeights = plans.map((plan) => plan[6]);
const asOf = AS_OF.getTime();

/** One customer with their services. Tenants have sizes like 1, 1/2, 1/3 … of the largest (Zipf). */
export function generateCustomer(
  random: Random,
  tenants: readonly Tenant[],
  scale: Scale,
  number: number,
): Customer {
  // The first three go round the tenants, so that even the smallest has somebody in it.
  const at = number < tenants.length ? number : random.weighted(tenants.map((_, rank) => 1 / (rank + 1)));
  const tenant = tenants[at];
  if (tenant === undefined) throw new RangeError('there are no tenants');
  const [first, last] = [random.pick(firstNames), random.pick(lastNames)];
  const [city, prefix] = random.pick(cities);
  const account = 10_001 + number;
  const window = asOf - monthStart(asOf, -scale.months);
  const created = Math.floor((asOf - window * random.next() ** 0.9 - random.next() * day) / 1000) * 1000;
  const draw = random.next();
  const status = draw < 0.04 ? 'prospect' : draw < 0.84 ? 'active' : draw < 0.9 ? 'suspended' : 'churned';
  const churned = status === 'churned' ? leaving(random, created) : undefined;
  const customer: Customer = {
    id: random.uuid(),
    tenant,
    account: `ACC-${String(account).padStart(6, '0')}`,
    first,
    last,
    email: `${first}.${last}${account - 10_000}@example.com`.toLowerCase(),
    phone: `+1555${String(random.int(0, 999)).padStart(3, '0')}${String(account % 10_000).padStart(4, '0')}`,
    street: `${random.int(1, 180)} ${random.pick(streets)}`,
    city,
    postalCode: `${prefix} ${random.int(1, 9)}${random.pick(['AB', 'CD', 'EH', 'LN', 'RT'])}`,
    status,
    created,
    churned,
    services: [],
  };
  if (status !== 'prospect') customer.services = generateServices(random, customer);
  return customer;
}

function generateServices(random: Random, customer: Customer): Service[] {
  const services: Service[] = [];
  const count = 1 + random.weighted([0.5, 0.28, 0.13, 0.06, 0.03]);
  for (let number = 0; number < count; number++) {
    const plan = customer.tenant.plans[random.weighted(saleWeights)];
    if (plan === undefined) continue;
    const end = customer.churned ?? asOf;
    // The first service starts with the customer, further ones some time later.
    const started =
      number === 0
        ? customer.created
        : Math.floor((customer.created + (end - customer.created) * random.next() * 0.7) / 1000) * 1000;
    const quits = customer.churned === undefined && number > 0 && random.chance(0.12);
    const ended =
      customer.churned ??
      (quits
        ? Math.floor((started + (asOf - started) * (0.3 + 0.6 * random.next())) / 1000) * 1000
        : undefined);
    const status =
      ended !== undefined ? 'cancelled' : customer.status === 'suspended' ? 'suspended' : 'active';
    const rebate = random.chance(0.15) ? 500 : 0;
    services.push({
      id: random.uuid(),
      plan,
      cents: Math.max(plan.cents - rebate, 500),
      status,
      started,
      ended,
    });
  }
  return services;
}

/** Customers leave sooner rather than later, and never after today. */
function leaving(random: Random, created: number): number {
  return Math.floor((created + (asOf - created) * (0.15 + 0.8 * random.next())) / 1000) * 1000;
}

export const customerColumns = {
  id: 'uuid',
  tenant_id: 'uuid',
  account_number: 'text',
  first_name: 'text',
  last_name: 'text',
  email: 'text',
  phone: 'text',
  street: 'text',
  city: 'text',
  postal_code: 'text',
  status: 'text',
  created_at: 'timestamptz',
  churned_at: 'timestamptz',
} as const;

export function customerRow(c: Customer) {
  return [
    c.id,
    c.tenant.id,
    c.account,
    c.first,
    c.last,
    c.email,
    c.phone,
    c.street,
    c.city,
    c.postalCode,
    c.status,
    iso(c.created),
    c.churned === undefined ? null : iso(c.churned),
  ];
}

export const serviceColumns = {
  id: 'uuid',
  tenant_id: 'uuid',
  customer_id: 'uuid',
  plan_id: 'uuid',
  name: 'text',
  type: 'text',
  status: 'text',
  monthly_rate: 'numeric',
  started_at: 'timestamptz',
  ended_at: 'timestamptz',
  created_at: 'timestamptz',
} as const;
