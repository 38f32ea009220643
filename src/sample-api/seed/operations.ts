import type { Customer } from './customers.ts';
import { type Random, randomStream } from './random.ts';
import { type Cell, dateOnly, day, iso, type Rows } from './rows.ts';
import { AS_OF, type Scale } from './version.ts';
import { ticketKinds } from './words.ts';

const asOf = AS_OF.getTime();
const hour = 3_600_000;
const kindWeights = ticketKinds.map((kind) => kind[5]);

/** Support requests of the last 120 days; few customers write often (Zipf), nearly all old ones are solved. */
export function generateTickets(seed: number, scale: Scale, customers: readonly Customer[]): Rows {
  const random = randomStream(seed, 'tickets');
  const rows: Cell[][] = [];
  for (let number = 1; number <= scale.tickets; number++) {
    const customer = customers[Math.floor(customers.length * random.next() ** 2)];
    const kind = ticketKinds[random.weighted(kindWeights)];
    if (customer === undefined || kind === undefined) continue;
    const [category, subject, body, priority, tier] = kind;
    const earliest = Math.max(customer.created, asOf - 120 * day);
    const opened = Math.floor((earliest + (asOf - earliest) * random.next()) / 1000) * 1000;
    const answered = Math.floor((opened + Math.exp(0.2 + 0.9 * random.normal()) * hour) / 1000) * 1000;
    const solved =
      Math.floor((answered + Math.exp(1.4 + tier * 0.5 + 0.8 * random.normal()) * hour) / 1000) * 1000;
    const isSolved = solved < asOf && random.chance(0.95);
    const status = isSolved
      ? random.chance(0.6)
        ? 'closed'
        : 'resolved'
      : answered < asOf
        ? random.pick(['in_progress', 'waiting'])
        : 'open';
    const disputed = category === 'billing' && random.chance(0.7) ? random.int(5, 240).toFixed(2) : null;
    const assignee =
      status === 'open'
        ? null
        : random.pick([customer.tenant.supportIds[0] ?? null, customer.tenant.supportIds[1] ?? null]);
    rows.push([
      random.uuid(),
      customer.tenant.id,
      customer.id,
      `TCK-${String(number).padStart(6, '0')}`,
      subject,
      body,
      category,
      priority,
      tier,
      status,
      disputed,
      category === 'outage' ? random.int(8, 60) : 1,
      assignee,
      iso(opened),
      answered < asOf ? iso(answered) : null,
      isSolved ? iso(solved) : null,
      iso(opened),
    ]);
  }
  return {
    table: 'tickets',
    columns: {
      id: 'uuid',
      tenant_id: 'uuid',
      customer_id: 'uuid',
      number: 'text',
      subject: 'text',
      body: 'text',
      category: 'text',
      priority: 'text',
      tier: 'smallint',
      status: 'text',
      disputed_amount: 'numeric',
      affected_customers: 'int',
      assignee_id: 'uuid',
      opened_at: 'timestamptz',
      first_response_at: 'timestamptz',
      resolved_at: 'timestamptz',
      created_at: 'timestamptz',
    },
    rows,
  };
}

export const usageColumns = {
  id: 'uuid',
  tenant_id: 'uuid',
  customer_id: 'uuid',
  service_id: 'uuid',
  day: 'date',
  download_gb: 'numeric',
  upload_gb: 'numeric',
  minutes: 'int',
  created_at: 'timestamptz',
} as const;

/** The last days of traffic of a customer's running services. */
export function generateUsage(random: Random, customer: Customer, scale: Scale): Cell[][] {
  const rows: Cell[][] = [];
  for (const service of customer.services) {
    if (service.status !== 'active' || random.int(1, scale.usageOfOneIn) !== 1) continue;
    const heavy = Math.exp(random.normal() * 0.9);
    const data = service.plan.type === 'internet' ? 6 : service.plan.type === 'mobile' ? 0.5 : 0;
    const calls = service.plan.type === 'phone' || service.plan.type === 'mobile' ? 12 : 0;
    if (data + calls === 0) continue;
    for (let back = scale.usageDays; back >= 1; back--) {
      const at = asOf - back * day;
      if (at < service.started) continue;
      const down = data * heavy * (0.4 + 1.2 * random.next());
      rows.push([
        random.uuid(),
        customer.tenant.id,
        customer.id,
        service.id,
        dateOnly(at),
        down.toFixed(3),
        (down * 0.12).toFixed(3),
        Math.round(calls * heavy * random.next()),
        iso(at + day - 1000),
      ]);
    }
  }
  return rows;
}

/** 90 days of samples: a line that climbs, the day's rhythm, noise, and a few outages. */
export function generateMetrics(seed: number, scale: Scale): Rows {
  const random = randomStream(seed, 'metrics');
  const base = {
    cpu: 40 + 12 * random.next(),
    memory: 48 + 10 * random.next(),
    disk: 35 + 10 * random.next(),
    users: random.int(180, 320),
  };
  const perDay = {
    cpu: 0.12 + 0.22 * random.next(),
    memory: 0.08 + 0.17 * random.next(),
    disk: 0.1 + 0.1 * random.next(),
    users: 0.6 + random.next(),
  };
  const step = scale.metricsEveryMinutes * 60_000;
  const outages = [0, 1, 2]
    .map(() => asOf - Math.floor(random.next() * 88 * day) - day)
    .map((from) => ({ from, to: from + random.int(1, 4) * hour }));
  const percent = (value: number) => Math.min(99.5, Math.max(1, value)).toFixed(2);
  const rows: Cell[][] = [];
  for (let at = asOf - 90 * day; at < asOf; at += step) {
    const days = (at - (asOf - 90 * day)) / day;
    const rhythm = Math.sin(((at % day) / day) * 2 * Math.PI - 2);
    const up = !outages.some((outage) => at >= outage.from && at < outage.to);
    const cpu = base.cpu + perDay.cpu * days + 7 * rhythm + 2.5 * random.normal();
    const memory = base.memory + perDay.memory * days + 2 * rhythm + 1.2 * random.normal();
    const users = Math.max(
      0,
      Math.round((base.users + perDay.users * days) * (1 + 0.5 * rhythm) + 8 * random.normal()),
    );
    const slow = Math.max(15, 60 + cpu * 1.4 + 12 * random.normal());
    rows.push([
      iso(at),
      percent(cpu),
      percent(memory),
      percent(base.disk + perDay.disk * days + 0.2 * random.normal()),
      up ? users : 0,
      (up ? slow : 5000).toFixed(2),
      up,
    ]);
  }
  return {
    table: 'system_metrics',
    columns: {
      at: 'timestamptz',
      cpu_percent: 'numeric',
      memory_percent: 'numeric',
      disk_percent: 'numeric',
      active_users: 'int',
      response_time_ms: 'numeric',
      up: 'boolean',
    },
    rows,
  };
}
