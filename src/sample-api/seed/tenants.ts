import { randomStream } from './random.ts';
import { type Cell, iso, money, type Rows } from './rows.ts';
import { AS_OF, FIRST_TENANT_ID, type Scale, TRAINEE_ID } from './version.ts';
import { firstNames, lastNames, plans, tenantNames } from './words.ts';

export interface Plan {
  id: string;
  name: string;
  type: string;
  cents: number;
}

export interface Tenant {
  id: string;
  slug: string;
  plans: Plan[];
  supportIds: string[];
}

const founded = Date.UTC(2020, 0, 15);

const everything = ['customer', 'service', 'plan', 'invoice', 'payment', 'ticket', 'user'];
const traineePermissions = [
  'audit:read',
  'customer:read',
  'customer:write',
  'invoice:*',
  'metrics:read',
  'payment:*',
  'plan:*',
  'service:*',
  'tenant:read',
  'ticket:*',
  'usage:read',
  'user:read',
];
const staff: readonly (readonly [role: string, permissions: readonly string[]])[] = [
  [
    'admin',
    [...everything.map((name) => `${name}:*`), 'audit:read', 'metrics:read', 'tenant:read', 'usage:read'],
  ],
  ['support', ['customer:read', 'service:read', 'invoice:read', 'ticket:*', 'usage:read']],
  ['support', ['customer:read', 'service:read', 'invoice:read', 'ticket:*', 'usage:read']],
  ['billing', ['customer:read', 'service:read', 'plan:read', 'invoice:*', 'payment:*']],
  ['engineer', ['customer:read', 'service:*', 'plan:read', 'metrics:read', 'usage:read']],
];

/** Tenants with their staff and their price lists; the first tenant and the trainee have fixed ids. */
export function generateTenants(seed: number, scale: Scale): { tenants: Tenant[]; rows: Rows[] } {
  const random = randomStream(seed, 'tenants');
  const tenants: Tenant[] = [];
  const tenantRows: Cell[][] = [];
  const userRows: Cell[][] = [];
  const planRows: Cell[][] = [];

  for (const [index, [name, slug]] of tenantNames.slice(0, scale.tenants).entries()) {
    const id = index === 0 ? FIRST_TENANT_ID : random.uuid();
    const created = iso(founded + index * 90 * 86_400_000);
    tenantRows.push([id, name, slug, 'active', created]);
    const supportIds: string[] = [];
    if (index === 0)
      userRows.push([
        TRAINEE_ID,
        id,
        'trainee@dotmac.example',
        'Trainee',
        'trainee',
        list(traineePermissions),
        iso(AS_OF.getTime()),
        'active',
      ]);
    for (const [number, [role, permissions]] of staff.entries()) {
      const [first, last] = [random.pick(firstNames), random.pick(lastNames)];
      const userId = random.uuid();
      if (role === 'support') supportIds.push(userId);
      const email = `${first}.${last}.${number + 1}@${slug}.example`.toLowerCase();
      userRows.push([userId, id, email, `${first} ${last}`, role, list(permissions), created, 'active']);
    }
    const own = plans.map(([code, planName, type, rate, down, up]) => {
      const cents = (rate + random.int(0, 4)) * 100 + random.pick([0, 50, 99]);
      const plan = { id: random.uuid(), name: planName, type, cents };
      planRows.push([plan.id, id, code, planName, type, money(cents), down, up, 'active', created]);
      return plan;
    });
    tenants.push({ id, slug, plans: own, supportIds });
  }
  return {
    tenants,
    rows: [
      {
        table: 'tenants',
        columns: { id: 'uuid', name: 'text', slug: 'text', status: 'text', created_at: 'timestamptz' },
        rows: tenantRows,
      },
      {
        table: 'users',
        columns: {
          id: 'uuid',
          tenant_id: 'uuid',
          email: 'text',
          name: 'text',
          role: 'text',
          permissions: 'text::text[]',
          created_at: 'timestamptz',
          status: 'text',
        },
        rows: userRows,
      },
      {
        table: 'service_plans',
        columns: {
          id: 'uuid',
          tenant_id: 'uuid',
          code: 'text',
          name: 'text',
          type: 'text',
          monthly_rate: 'numeric',
          download_mbps: 'int',
          upload_mbps: 'int',
          status: 'text',
          created_at: 'timestamptz',
        },
        rows: planRows,
      },
    ],
  };
}

/** An array inside an array: as a literal, which the insert casts back. */
const list = (items: readonly string[]): string => `{${items.map((item) => `"${item}"`).join(',')}}`;
