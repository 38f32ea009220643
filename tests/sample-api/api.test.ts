import type { FastifyInstance } from 'fastify';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';
import { type Client, clientOf, mint, seedDatabase, startApp, trainee } from './support.ts';

let postgres: TestPostgres;
let sql: pg.Client;
let app: FastifyInstance;
let api: Client;
let otherTenant: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
  const url = await postgres.createDatabase();
  await seedDatabase(url);
  sql = new pg.Client({ connectionString: url });
  await sql.connect();
  app = await startApp(url);
  api = clientOf(app, await mint());
  const { rows } = await sql.query('select id from tenants where id <> $1 order by slug limit 1', [
    trainee.tenantId,
  ]);
  otherTenant = rows[0].id;
});

afterAll(async () => {
  await app?.close();
  await sql?.end();
  await postgres?.stop();
});

describe('signing in', () => {
  const login = (email: string, password: string) =>
    clientOf(app, null)('POST', '/api/v1/auth/login', { email, password });

  it('gives a token with exactly the claims of the account', async () => {
    const { status, json } = await login(trainee.email, trainee.password);
    expect(status).toBe(200);
    expect(json).toMatchObject({ token_type: 'Bearer', expires_in: 86_400 });
    const claims = JSON.parse(Buffer.from(json.access_token.split('.')[1], 'base64url').toString());
    expect(Object.keys(claims).sort()).toEqual(['exp', 'permissions', 'sub', 'tenant_id']);
    expect(claims).toMatchObject({
      sub: trainee.id,
      tenant_id: trainee.tenantId,
      permissions: trainee.permissions,
    });
    const me = await clientOf(app, json.access_token)('GET', '/api/v1/auth/me');
    expect(me.json).toMatchObject({ id: trainee.id, email: trainee.email, act: null });
  });

  it('refuses a wrong password and an unknown account alike', async () => {
    const [wrong, unknown] = [
      await login(trainee.email, 'practice'),
      await login('nobody@dotmac.example', trainee.password),
    ];
    expect(wrong.status).toBe(401);
    expect(unknown.json.detail).toBe(wrong.json.detail);
  });

  it('accepts the password that an administrator gave to a colleague', async () => {
    const admin = clientOf(app, await mint({ permissions: ['user:*', 'customer:read'] }));
    const person = {
      email: 'ada@dotmac.example',
      name: 'Ada',
      role: 'support',
      permissions: ['customer:read'],
      password: 'a long enough one',
    };
    const made = await admin('POST', '/api/v1/users', person);
    expect(made.status).toBe(201);
    expect(JSON.stringify(made.json)).not.toMatch(/password/);
    expect((await login(person.email, person.password)).status).toBe(200);
    expect((await login(person.email, 'a long enough guess')).status).toBe(401);
    const { rows } = await sql.query(
      `select details::text from observability.audit_trail where entity_id = $1`,
      [made.json.id],
    );
    expect(rows[0].details).not.toContain(person.password);
    const greedy = await admin('POST', '/api/v1/users', {
      ...person,
      email: 'b@dotmac.example',
      permissions: ['audit:read'],
    });
    expect(greedy.status).toBe(403);
  });

  it.each([
    ['no token', null, /There is no token/],
    ['a token of another key', { key: 'another secret that is long enough, too' }, /signature/],
    ['an expired token', { expires: '-1h' }, /expired at/],
    ['a token without a proper tenant', { tenant: 'mine' }, /tenant_id/],
  ])('answers 401 with the reason to %s', async (_what, claims, reason) => {
    const answer = await clientOf(app, claims === null ? null : await mint(claims))(
      'GET',
      '/api/v1/customers',
    );
    expect(answer.status).toBe(401);
    expect(answer.type).toContain('application/problem+json');
    expect(answer.json.detail).toMatch(reason);
  });

  it('refuses a token that is not signed at all', async () => {
    const [, payload] = (await mint()).split('.');
    const header = Buffer.from('{"alg":"none"}').toString('base64url');
    expect((await clientOf(app, `${header}.${payload}.`)('GET', '/api/v1/customers')).status).toBe(401);
  });
});

describe('permissions', () => {
  it.each([
    ['GET', '/api/v1/customers', 'customer:read'],
    ['POST', '/api/v1/customers', 'customer:write'],
    ['GET', '/api/v1/audit-trail', 'audit:read'],
    ['POST', `/api/v1/invoices/${trainee.id}/pay`, 'payment:write'],
    ['GET', '/api/v1/system-metrics', 'metrics:read'],
  ] as const)('%s %s without %s is a 403 that names it', async (method, path, permission) => {
    const weak = clientOf(app, await mint({ permissions: ['nothing:read'] }));
    const answer = await weak(method, path, method === 'POST' ? {} : undefined);
    expect(answer.status).toBe(403);
    expect(answer.json.detail).toContain(permission);
  });

  it('asks for a token on every route but health, metrics, documentation and login', async () => {
    const { paths } = (await clientOf(app, null)('GET', '/openapi.json')).json;
    const closed = Object.entries<object>(paths).filter(
      ([path]) => path.startsWith('/api/') && path !== '/api/v1/auth/login',
    );
    expect(closed.length).toBeGreaterThan(20);
    for (const [path, methods] of closed)
      for (const method of Object.keys(methods)) {
        const url = path.replaceAll(/\{\w+\}/g, trainee.id);
        const answer = await app.inject({ method: method.toUpperCase() as 'GET', url });
        expect([path, method, answer.statusCode]).toEqual([path, method, 401]);
      }
  });
});

describe('tenants', () => {
  const paths = [
    'customers',
    'services',
    'service-plans',
    'invoices',
    'payments',
    'tickets',
    'usage',
    'users',
    'tenants',
  ];

  it.each(paths)('keep /%s to themselves', async (path) => {
    const stranger = clientOf(app, await mint({ tenant: otherTenant }));
    const theirs = (await stranger('GET', `/api/v1/${path}?limit=200`)).json.items;
    const ours = (await api('GET', `/api/v1/${path}?limit=200`)).json.items;
    expect(theirs.length).toBeGreaterThan(0);
    expect(ours.length).toBeGreaterThan(0);
    for (const row of ours) expect(row.tenant_id ?? row.id).toBe(trainee.tenantId);
    const answer = await api('GET', `/api/v1/${path}/${theirs[0].id}`);
    expect(answer.status).toBe(404);
  });

  it("cannot change, delete, bill or refer to another's rows", async () => {
    const { rows } = await sql.query('select id from customers where tenant_id = $1 limit 1', [otherTenant]);
    const [{ id }] = rows;
    const service = { customer_id: id, name: 'Stolen', type: 'internet', monthly_rate: 1 };
    expect((await api('PATCH', `/api/v1/customers/${id}`, { first_name: 'Eve' })).status).toBe(404);
    expect((await api('DELETE', `/api/v1/customers/${id}`)).status).toBe(404);
    expect((await api('POST', '/api/v1/services', service)).status).toBe(404);
    expect((await api('POST', `/api/v1/invoices/generate/${id}`)).status).toBe(404);
    expect((await api('GET', `/api/v1/status/customer/${id}`)).status).toBe(404);
  });
});

describe('requests that make no sense', () => {
  it.each([
    ['GET', '/api/v1/customers?limit=abc', undefined, 'limit'],
    ['GET', '/api/v1/customers?limit=201', undefined, 'limit'],
    ['GET', '/api/v1/customers?limit=0', undefined, 'limit'],
    ['GET', '/api/v1/customers?cursor=xyz', undefined, 'cursor'],
    ['GET', '/api/v1/customers?status=happy', undefined, 'status'],
    ['GET', '/api/v1/customers/17', undefined, 'id'],
    ['POST', '/api/v1/customers', { first_name: 'A', last_name: 'B', email: 'nonsense' }, 'email'],
    [
      'POST',
      '/api/v1/services',
      { customer_id: trainee.id, name: 'A', type: 'internet', monthly_rate: -1 },
      'monthly_rate',
    ],
    [
      'POST',
      '/api/v1/customers',
      { first_name: 'A\0', last_name: 'B', email: 'a@example.com' },
      'first_name',
    ],
    ['PATCH', `/api/v1/customers/${trainee.id}`, {}, 'body'],
  ] as const)('%s %s is a 422 that names the field', async (method, path, body, field) => {
    const answer = await api(method, path, body);
    expect(answer.status).toBe(422);
    expect(answer.type).toContain('application/problem+json');
    expect(answer.json.errors[0].field).toBe(field);
  });

  it('refuses fields that do not exist, and an e-mail that is taken', async () => {
    const person = { first_name: 'A', last_name: 'B', email: 'twice@example.com' };
    expect((await api('POST', '/api/v1/customers', { ...person, tenant_id: otherTenant })).status).toBe(422);
    expect((await api('POST', '/api/v1/customers', person)).status).toBe(201);
    expect((await api('POST', '/api/v1/customers', person)).status).toBe(409);
  });
});

describe('pages', () => {
  it.each(['customers', 'invoices', 'system-metrics', 'users'])(
    'walk through all of /%s exactly once, in order',
    async (path) => {
      const table = path.replaceAll('-', '_');
      const scoped = path === 'system-metrics' ? '' : `where tenant_id = '${trainee.tenantId}'`;
      const order = path === 'system-metrics' ? 'at' : 'created_at';
      const { rows } = await sql.query(`select id::text from ${table} ${scoped} order by ${order}, id`);
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const next: string = cursor === null ? '' : `&cursor=${cursor}`;
        const { json } = await api('GET', `/api/v1/${path}?limit=${path === 'users' ? 1 : 190}${next}`);
        seen.push(...json.items.map((item: { id: unknown }) => String(item.id)));
        cursor = json.next_cursor;
      } while (cursor !== null);
      expect(seen).toEqual(rows.map(({ id }) => id));
    },
  );
});

describe('a customer', () => {
  it('goes from sign-up to a paid invoice, and every step is in the audit trail', async () => {
    const email = 'john.doe@example.com';
    const customer = (
      await api('POST', '/api/v1/customers', {
        email,
        first_name: 'John',
        last_name: 'Doe',
        phone: '+1234567890',
      })
    ).json;
    expect(customer).toMatchObject({ email, status: 'active', tenant_id: trainee.tenantId });
    expect((await api('POST', `/api/v1/invoices/generate/${customer.id}`)).status).toBe(409);

    const service = { customer_id: customer.id, type: 'internet' };
    await api('POST', '/api/v1/services', { ...service, name: 'Residential Internet', monthly_rate: 79.99 });
    await api('POST', '/api/v1/services', { ...service, name: 'Second line', monthly_rate: 0.2 });
    const gone = (await api('POST', '/api/v1/services', { ...service, name: 'Gone', monthly_rate: 500 }))
      .json;
    expect(
      (await api('PATCH', `/api/v1/services/${gone.id}`, { status: 'cancelled' })).json.ended_at,
    ).not.toBeNull();

    const invoice = await api('POST', `/api/v1/invoices/generate/${customer.id}`);
    expect(invoice.status).toBe(201);
    expect(invoice.json).toMatchObject({ total_amount: 80.19, status: 'issued', customer_id: customer.id });
    expect(invoice.json.items).toHaveLength(2);
    expect((await api('POST', `/api/v1/invoices/generate/${customer.id}`)).status).toBe(409);

    const listed = (await api('GET', `/api/v1/invoices?customer_email=${email}`)).json;
    expect(listed).toMatchObject({ items: [{ id: invoice.json.id }], next_cursor: null });
    const paid = await api('POST', `/api/v1/invoices/${invoice.json.id}/pay`);
    expect(paid.json).toMatchObject({
      invoice: { status: 'paid' },
      payment: { amount: 80.19, status: 'succeeded' },
    });
    expect((await api('POST', `/api/v1/invoices/${invoice.json.id}/pay`)).status).toBe(409);
    expect((await api('POST', `/api/v1/invoices/${invoice.json.id}/void`)).status).toBe(409);
    expect((await api('DELETE', `/api/v1/customers/${customer.id}`)).status).toBe(409);
    expect(
      (await api('PATCH', `/api/v1/customers/${customer.id}`, { status: 'churned' })).json.churned_at,
    ).not.toBeNull();

    const { rows } = await sql.query(
      `select action, actor, act from observability.audit_trail where entity_id = any ($1) order by id`,
      [[customer.id, invoice.json.id, paid.json.payment.id]],
    );
    expect(rows.map((row) => row.action)).toEqual([
      'customer.created',
      'invoice.generated',
      'payment.created',
      'invoice.paid',
      'customer.updated',
    ]);
    for (const row of rows) expect(row).toMatchObject({ actor: trainee.email, act: null });
    const trail = (await api('GET', `/api/v1/audit-trail?entity_id=${customer.id}`)).json.items;
    expect(trail[0]).toMatchObject({
      action: 'customer.created',
      entity_type: 'customer',
      actor: trainee.email,
    });
  });

  it('is billed once by ten requests at the same time', async () => {
    const made = (
      await api('POST', '/api/v1/customers', { email: 'race@example.com', first_name: 'R', last_name: 'C' })
    ).json;
    await api('POST', '/api/v1/services', {
      customer_id: made.id,
      name: 'Line',
      type: 'phone',
      monthly_rate: 10,
    });
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => api('POST', `/api/v1/invoices/generate/${made.id}`)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
  });

  it('leaves neither row nor audit when half of a change fails', async () => {
    const count = async () =>
      (await sql.query('select count(*)::int as n from observability.audit_trail')).rows[0].n;
    const before = await count();
    await sql.query(
      `alter table observability.audit_trail add constraint no_more check (action <> 'customer.created') not valid`,
    );
    const answer = await api('POST', '/api/v1/customers', {
      email: 'half@example.com',
      first_name: 'H',
      last_name: 'F',
    });
    await sql.query('alter table observability.audit_trail drop constraint no_more');
    expect(answer.status).toBe(422);
    expect(await count()).toBe(before);
    expect((await api('GET', '/api/v1/customers?email=half@example.com')).json.items).toEqual([]);
  });
});

describe('support', () => {
  it('finds a customer by phone, account number and part of the name, and sees them at a glance', async () => {
    const { items } = (await api('GET', '/api/v1/customers?status=active&limit=1&include=services')).json;
    const [customer] = items;
    for (const query of [
      `phone=${encodeURIComponent(customer.phone)}`,
      `account_number=${customer.account_number}`,
      `q=${customer.email.slice(0, 12)}`,
    ]) {
      const found = (await api('GET', `/api/v1/customers?${query}`)).json.items;
      expect(found.map(({ id }: { id: string }) => id)).toContain(customer.id);
    }
    const glance = await api('GET', `/api/v1/status/customer/${customer.id}`);
    expect(glance.json).toMatchObject({ customer_id: customer.id, account_number: customer.account_number });
    expect(glance.json.services).toHaveLength(customer.services.length);
  });

  it('moves a ticket through tiers to its solution', async () => {
    const { id } = (
      await api('POST', '/api/v1/tickets', {
        subject: 'Wrong bill',
        category: 'billing',
        disputed_amount: 612.5,
      })
    ).json;
    expect((await api('PATCH', `/api/v1/tickets/${id}`, { tier: 3, priority: 'high' })).json).toMatchObject({
      tier: 3,
      resolved_at: null,
    });
    expect((await api('PATCH', `/api/v1/tickets/${id}`, { tier: 4 })).status).toBe(422);
    expect(
      (await api('PATCH', `/api/v1/tickets/${id}`, { status: 'resolved' })).json.resolved_at,
    ).not.toBeNull();
  });
});

describe('documentation and measurements', () => {
  it('describes itself in OpenAPI 3.1 and shows it at /docs', async () => {
    const document = (await clientOf(app, null)('GET', '/openapi.json')).json;
    expect(document.openapi).toBe('3.1.0');
    expect(document.paths['/api/v1/customers'].get.parameters.map((p: { name: string }) => p.name)).toContain(
      'include',
    );
    const page = await app.inject('/docs');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    expect((await app.inject('/docs/static/swagger-ui.css')).statusCode).toBe(200);
  });

  it('counts answers by route', async () => {
    const text = (await app.inject('/metrics')).body;
    expect(text).toMatch(
      /http_requests_total\{method="GET",route="\/api\/v1\/customers\/\{id\}",status="404"\} \d+/,
    );
    expect(text).toContain('http_request_duration_seconds_bucket');
    expect(text).toContain('process_cpu_seconds_total');
  });

  it('counts monitored operations by outcome', async () => {
    const count = async (outcome: string) => {
      const text = (await app.inject('/metrics')).body;
      const line = `operation_duration_seconds_count\\{operation="invoice_generation",outcome="${outcome}"\\} (\\d+)`;
      return Number(new RegExp(line).exec(text)?.[1] ?? 0);
    };
    const [good, bad] = [await count('success'), await count('error')];
    const nobody = '00000000-0000-4000-8000-000000000000';
    expect((await api('POST', `/api/v1/invoices/generate/${nobody}`)).status).toBe(404);
    expect([await count('success'), await count('error')]).toEqual([good, bad + 1]);
  });
});
