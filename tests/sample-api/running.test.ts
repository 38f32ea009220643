import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';
import { mainFile, type Running, run, seedFile, startProcess } from './process.ts';
import { environment, eventually, mint, seedDatabase, trainee } from './support.ts';

let postgres: TestPostgres;
let admin: pg.Client;
const running: Running[] = [];

beforeAll(async () => {
  postgres = await startTestPostgres();
  admin = new pg.Client({ connectionString: postgres.adminUrl });
  await admin.connect();
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});
afterAll(async () => {
  await admin?.end();
  await postgres?.stop();
});

async function start(url: string, more: Record<string, string> = {}): Promise<Running> {
  const one = await startProcess(url, more);
  running.push(one);
  return one;
}

const nameOf = (url: string) => new URL(url).pathname.slice(1);

async function query(url: string, text: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

async function get(one: Running, path: string, token?: string) {
  const answer = await fetch(
    `${one.url}${path}`,
    token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
  );
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
}

describe('the process', () => {
  it('makes schema and data in an empty database, and touches nothing the second time', async () => {
    const url = await postgres.createDatabase();
    const first = await start(url);
    const health = await get(first, '/health');
    expect(health).toMatchObject({ status: 200, json: { status: 'ok', database: 'ok' } });
    expect(Number(health.json.uptime)).toBeGreaterThan(0);
    await query(url, 'delete from tickets');
    await first.stop();
    await start(url);
    expect(await query(url, 'select count(*)::int as n from tickets')).toEqual([{ n: 0 }]);
  });

  it('says which release it is, also without a database', async () => {
    const full = await start(await postgres.createDatabase(), { RELEASE: '1.9.0' });
    expect((await get(full, '/health')).json).toMatchObject({ version: '1.9.0', database: 'ok' });
    expect((await fetch(`${full.url}/api/v1/customers`)).headers.get('x-release')).toBe('1.9.0');

    const bare = await start('', { DATABASE: 'optional', RELEASE: '2.0.0' });
    const host = hostname();
    expect((await get(bare, '/')).json).toEqual({ service: 'dotmac-api', release: '2.0.0', host });
    expect((await get(bare, '/version')).json).toEqual({ release: '2.0.0', host });
    expect((await get(bare, '/health')).json).toMatchObject({ version: '2.0.0', database: 'none' });
    for (const path of ['/health/live', '/health/ready']) expect((await get(bare, path)).status).toBe(200);
    const customers = await fetch(`${bare.url}/api/v1/customers`);
    expect([customers.status, customers.headers.get('x-release')]).toEqual([404, '2.0.0']);
    const metrics = await (await fetch(`${bare.url}/metrics`)).text();
    expect(metrics).toContain('http_requests_total{method="GET",route="/version",status="200"} 1');
    expect((await bare.stop()).code).toBe(0);
  });

  it('runs in a role that may neither create nor own anything', async () => {
    const url = await postgres.createDatabase();
    await seedDatabase(url);
    const role = `api_${nameOf(url)}`;
    await query(
      url,
      `create role ${role} login password 'api'; grant usage on schema public, observability to ${role};
      grant select, insert, update, delete on all tables in schema public to ${role};
      grant select, insert on all tables in schema observability to ${role};
      grant usage on all sequences in schema public, observability to ${role}`,
    );
    const limited = new URL(url);
    [limited.username, limited.password] = [role, 'api'];
    const one = await start(limited.href);
    const made = await fetch(`${one.url}/api/v1/customers`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await mint()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'limited@example.com', first_name: 'L', last_name: 'M' }),
    });
    expect(made.status).toBe(201);
    await one.stop();
    await query(url, `drop owned by ${role}; drop role ${role}`);
  });

  it('notes who called, in person or through somebody, and who tried to sign in', async () => {
    const url = await postgres.createDatabase();
    await seedDatabase(url);
    const [colleague] = await query(
      url,
      `select id, email, tenant_id from users where role = 'billing' limit 1`,
    );
    const one = await start(url);
    const login = await fetch(`${one.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: trainee.email, password: 'not this one' }),
    });
    expect(login.status).toBe(401);
    await get(one, '/api/v1/customers?limit=1', await mint());
    await get(one, '/api/v1/customers?limit=2', await mint({ act: 'grader' }));
    await get(
      one,
      '/api/v1/customers?limit=3',
      await mint({ sub: colleague.id, tenant: colleague.tenant_id }),
    );
    await get(one, '/api/v1/audit-trail', await mint({ permissions: [] }));
    await get(one, '/api/v1/customers');
    await get(one, '/health/live');
    const look = () =>
      query(
        url,
        'select path, query, route, status, user_id, actor, act from observability.access_log order by id',
      );
    const rows = await eventually(look, (seen) => seen.length >= 6);
    const { id: user_id, email: actor } = trainee;
    const route = '/api/v1/customers';
    expect(rows).toEqual([
      {
        path: '/api/v1/auth/login',
        query: null,
        route: '/api/v1/auth/login',
        status: 401,
        user_id: null,
        actor,
        act: null,
      },
      { path: route, query: 'limit=1', route, status: 200, user_id, actor, act: null },
      { path: route, query: 'limit=2', route, status: 200, user_id, actor, act: 'grader' },
      {
        path: route,
        query: 'limit=3',
        route,
        status: 200,
        user_id: colleague.id,
        actor: colleague.email,
        act: null,
      },
      {
        path: '/api/v1/audit-trail',
        query: null,
        route: '/api/v1/audit-trail',
        status: 403,
        user_id,
        actor,
        act: null,
      },
      { path: route, query: null, route, status: 401, user_id: null, actor: null, act: null },
    ]);
  });

  it('has written every answered request when it is told to stop, and stops within two seconds', async () => {
    const url = await postgres.createDatabase();
    await seedDatabase(url);
    const one = await start(url);
    const token = await mint();
    // While somebody holds the table, the first entry is being written and all others wait behind it.
    const holder = new pg.Client({ connectionString: url });
    await holder.connect();
    await holder.query('begin; lock table observability.access_log in exclusive mode');
    await get(one, '/api/v1/tenants', token);
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (let number = 0; number < 20; number++) await get(one, '/api/v1/tenants', token);
    const stopped = one.stop();
    await new Promise((resolve) => setTimeout(resolve, 200));
    await holder.query('commit');
    await holder.end();
    const { code, milliseconds } = await stopped;
    expect(code).toBe(0);
    expect(milliseconds).toBeLessThan(2_000);
    expect(await query(url, 'select count(*)::int as n from observability.access_log')).toEqual([{ n: 21 }]);
  });

  it('serves on when all its connections are terminated', async () => {
    const url = await postgres.createDatabase();
    await seedDatabase(url);
    const one = await start(url);
    const token = await mint();
    for (let round = 0; round < 5; round++) {
      await Promise.all(Array.from({ length: 8 }, () => get(one, '/api/v1/customers', token)));
      const { rows } = await admin.query(
        'select count(pg_terminate_backend(pid))::int as n from pg_stat_activity where datname = $1',
        [nameOf(url)],
      );
      expect(rows[0].n).toBeGreaterThan(0);
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => get(one, '/api/v1/customers', token)),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    }
    expect(one.child.exitCode).toBeNull();
  });

  it('serves on through a moment in which the database is closed, and writes nothing twice', async () => {
    const url = await postgres.createDatabase();
    await seedDatabase(url);
    const one = await start(url);
    const token = await mint();
    const name = nameOf(url);
    const reads: number[] = [];
    const writes: { email: string; status: number }[] = [];
    let going = true;
    let longestMs = 0;
    const reader = async () => {
      while (going) {
        const started = performance.now();
        reads.push((await get(one, '/api/v1/customers?limit=2', token)).status);
        longestMs = Math.max(longestMs, performance.now() - started);
        reads.push((await get(one, '/health/live')).status);
      }
    };
    const writer = async (who: number) => {
      for (let nth = 0; going; nth++) {
        const email = `w${who}-${nth}@example.com`;
        const { status } = await fetch(`${one.url}/api/v1/customers`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ email, first_name: 'P', last_name: 'Q' }),
        });
        writes.push({ email, status });
      }
    };
    const traffic = [reader(), reader(), reader(), reader(), writer(1), writer(2)];
    for (let round = 0; round < 3; round++) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      await admin.query(`alter database ${name} allow_connections false`);
      await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await admin.query(`alter database ${name} allow_connections true`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    going = false;
    await Promise.all(traffic);
    expect(reads.length).toBeGreaterThan(50);
    expect(reads.filter((status) => status !== 200)).toEqual([]);
    expect(longestMs).toBeGreaterThan(200);
    // A write that was cut in the middle is lost, and says so: at most one of each writer in each round.
    const lost = writes.filter(({ status }) => status !== 201);
    expect(lost.every(({ status }) => status === 503)).toBe(true);
    expect(lost.length).toBeLessThanOrEqual(6);
    const rows = await query(
      url,
      `select email, count(*)::int as n from customers where email ~ '^w[12]-' group by 1`,
    );
    const stored = new Map(rows.map(({ email, n }) => [email, n]));
    for (const { email, status } of writes) {
      if (status === 201) expect(stored.get(email)).toBe(1);
      else expect(stored.get(email) ?? 0).toBeLessThanOrEqual(1);
    }
  });

  it('says 503 when the database stays closed', async () => {
    const url = await postgres.createDatabase();
    await seedDatabase(url);
    const one = await start(url);
    const token = await mint();
    await admin.query(`alter database ${nameOf(url)} allow_connections false`);
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
      nameOf(url),
    ]);
    const started = performance.now();
    expect((await get(one, '/api/v1/customers', token)).status).toBe(503);
    expect(performance.now() - started).toBeGreaterThan(1_900);
    expect(performance.now() - started).toBeLessThan(4_000);
    await admin.query(`alter database ${nameOf(url)} allow_connections true`);
    expect((await get(one, '/api/v1/customers', token)).status).toBe(200);
  });

  it('says 503 while the database is dropped, and works again once it is back', async () => {
    const [url, template] = [await postgres.createDatabase(), await postgres.createDatabase()];
    await seedDatabase(template);
    await admin.query(`drop database ${nameOf(url)}`);
    await admin.query(`create database ${nameOf(url)} template ${nameOf(template)}`);
    const one = await start(url);
    const token = await mint();
    expect((await get(one, '/health/ready')).status).toBe(200);
    await admin.query(`drop database ${nameOf(url)} with (force)`);
    expect(await get(one, '/health/ready')).toMatchObject({ status: 503, json: { database: 'away' } });
    expect((await get(one, '/health/live')).status).toBe(200);
    expect((await get(one, '/api/v1/customers', token)).status).toBe(503);
    await admin.query(`create database ${nameOf(url)} template ${nameOf(template)}`);
    await eventually(
      () => get(one, '/health/ready'),
      ({ status }) => status === 200,
    );
    expect((await get(one, '/api/v1/customers', token)).status).toBe(200);
    // What was answered in between was kept, and is written down now.
    const log = await eventually(
      () => query(url, 'select status from observability.access_log order by id'),
      (rows) => rows.length >= 2,
    );
    expect(log.map(({ status }) => status)).toEqual([503, 200]);
  });

  it('ends with its parent when asked to', async () => {
    const url = await postgres.createDatabase();
    await seedDatabase(url);
    const middle = `
      const child = require('node:child_process').spawn(process.execPath, [process.argv[1]], { stdio: ['ignore', 'pipe', 'inherit'] });
      child.stdout.once('data', () => { console.log(child.pid); });
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['-e', middle, mainFile], {
      env: { PATH: process.env.PATH, ...environment(url, { EXIT_WITH_PARENT: '1' }) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = Number(String((await once(parent.stdout, 'data'))[0]));
    const alive = async () => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    expect(await alive()).toBe(true);
    parent.kill('SIGKILL');
    await eventually(alive, (still) => !still);
  });

  it('names what is wrong in its environment, without repeating secrets', async () => {
    const env = {
      ...environment('mysql://root:hunter2@db/x'),
      PORT: '99999',
      VARIANT: 'nplus1',
      JWT_SECRET: 'short-secret',
    };
    const { code, err } = await run(mainFile, [], env);
    expect(code).toBe(2);
    expect(err).toContain('PORT: found "99999"; allowed: a whole number from 0');
    expect(err).toContain('VARIANT: found "nplus1"; allowed: stock, n-plus-one, no-tenant-filter');
    expect(err).toMatch(/DATABASE_URL: found .*allowed: postgres/);
    expect(err).not.toContain('hunter2');
    expect(err).not.toContain('short-secret');
  });
});

describe('the seed command', () => {
  it('fills an empty database, and refuses one that is not', async () => {
    const url = await postgres.createDatabase();
    const first = await run(seedFile, ['--scale', 'S', '--seed', '4'], { DATABASE_URL: url });
    expect(first.code, first.err).toBe(0);
    expect(JSON.parse(first.out)).toMatchObject({ event: 'seeded', seed: 4, scale: 'S' });
    const again = await run(seedFile, [], { DATABASE_URL: url });
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('there already') });
    expect((await run(seedFile, ['--scale', 'XL'], { DATABASE_URL: url })).code).toBe(2);
  });
});
