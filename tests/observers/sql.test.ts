import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Observation } from '../../src/grading/types.ts';
import { sqlObserver } from '../../src/observers/sql.ts';
import { lookContext, testHandle } from '../support/handle.ts';
import { type LabDatabase, startLabDatabase } from '../support/lab-database.ts';

let db: LabDatabase;

beforeAll(async () => {
  db = await startLabDatabase();
});
afterAll(() => db.stop());

function ask(query: string, more: object = {}): Promise<Observation> {
  const spec = sqlObserver.spec.parse({ component: 'database', query, ...more });
  return sqlObserver.observe(
    spec,
    lookContext(testHandle({ database: db.access })),
    AbortSignal.timeout(60_000),
  );
}

async function rows(query: string, more: object = {}): Promise<unknown> {
  const seen = await ask(query, more);
  if (seen.outcome !== 'seen') throw new Error(`${seen.problem}: ${seen.internal}`);
  return (seen.value as { rows: unknown }).rows;
}

async function problem(query: string, more: object = {}): Promise<string> {
  const seen = await ask(query, more);
  return seen.outcome === 'seen' ? 'seen' : seen.problem;
}

/** Backends of the checker that still work, a moment later. */
async function checkerIsWorking(): Promise<number> {
  await sleep(600);
  const { rows } = await db.admin(
    `select count(*)::int as n from pg_stat_activity where usename = '${db.access.checker.user}' and state = 'active'`,
  );
  return rows[0].n;
}

describe('values', () => {
  it('gives numbers as doubles while 15 digits say them, else text', async () => {
    expect(
      await rows(`select 7::int2 a, 8::int4 b, 123456789012345::int8 c, 9007199254740993::int8 d, 49.90::numeric e,
        1234567890.12345678::numeric f, 0.1::float8 g, 'NaN'::numeric h, 'Infinity'::float8 i, 1e3::numeric j,
        'NaN'::float8 k, '{NaN,1}'::float4[] l`),
    ).toEqual([
      {
        a: 7,
        b: 8,
        c: 123456789012345,
        d: '9007199254740993',
        e: 49.9,
        f: '1234567890.12345678',
        g: 0.1,
        h: 'NaN',
        i: Number.POSITIVE_INFINITY,
        j: 1000,
        k: 'NaN',
        l: ['NaN', 1],
      },
    ]);
  });

  it('gives moments as dates, and what no date can hold as text', async () => {
    expect(
      await rows(`select '2024-02-29 12:30:45.678901+05:30'::timestamptz a, 'infinity'::timestamptz b,
        '0044-03-15 00:00:00+00 BC'::timestamptz c, '2024-01-01'::date d, '12345-01-01'::timestamptz e`),
    ).toEqual([
      {
        a: new Date('2024-02-29T07:00:45.678Z'),
        b: 'infinity',
        c: '0044-03-15 00:00:00+00 BC',
        d: '2024-01-01',
        e: '12345-01-01 00:00:00+00',
      },
    ]);
  });

  it('gives json, bytes, bools, uuids, nulls and arrays', async () => {
    expect(
      await rows(`select '{"a":[1,null,"x"]}'::jsonb a, '\\xdeadbeef'::bytea b, true c, null d,
        '6f1f8f8e-0000-4000-8000-000000000000'::uuid e, array['a,b','c"d','NULL',null,'{e}','\\f'] f,
        array[[1,2],[3,4]]::int8[] g, array[true,false] h, '{}'::text[] i, '"\\u0000"'::json j, '[2:3]={1,2}'::int[] k`),
    ).toEqual([
      {
        a: { a: [1, null, 'x'] },
        b: Buffer.from('deadbeef', 'hex'),
        c: true,
        d: null,
        e: '6f1f8f8e-0000-4000-8000-000000000000',
        f: ['a,b', 'c"d', 'NULL', null, '{e}', '\\f'],
        g: [
          [1, 2],
          [3, 4],
        ],
        h: [true, false],
        i: [],
        j: '\u0000',
        k: [1, 2],
      },
    ]);
  });

  it('keeps arguments out of the statement', async () => {
    const hostile = "'); drop table x; --";
    expect(
      await rows('select $1::text as a, $2::int[] as b, $3::jsonb as c', {
        args: [hostile, [1, 2], { d: 1 }],
      }),
    ).toEqual([{ a: hostile, b: [1, 2], c: { d: 1 } }]);
  });

  it('tells columns and the number of rows, also of none', async () => {
    const seen = await ask('select 1 as a, 2 as b where false');
    expect(seen).toMatchObject({ outcome: 'seen', value: { rows: [], columns: ['a', 'b'], rowCount: 0 } });
  });
});

describe('what the trainee can cause is a value with a reason', () => {
  it('names a table that is not there, and no query text', async () => {
    const seen = await ask("select secret_column from invoices where note = 'the answer'");
    expect(seen).toMatchObject({
      outcome: 'unseen',
      problem: 'missing',
      reason: 'There is no table or view invoices.',
    });
  });

  it.each([
    ['select nothing_of_this_name from pg_class', 'missing'],
    ['select nothing_of_this_name()', 'missing'],
    ['select * from no_schema.t', 'missing'],
    ['select rolpassword from pg_authid', 'denied'],
    ["select 'x'::int from (values ($1::text)) v(x) where x::int > 0", 'rejected'],
    ['select 1/0', 'rejected'],
    ["select * from pg_notify('a', 'b') where pg_try_advisory_lock(1)", 'seen'],
    ['create table never (a int)', 'rejected'],
    ["copy (select 1) to program 'touch /tmp/x'", 'denied'],
    ['selec 1', 'bug'],
    ['select $2::int', 'bug'],
    ['select 1; select 2', 'bug'],
  ])('%s → %s', async (query, expected) => {
    expect(await problem(query, query.includes('$1') ? { args: ['abc'] } : {})).toBe(expected);
  });

  it('goes through views of the trainee as the checker, or through none when asked', async () => {
    await db.trainee('create view honest as select current_user::text as who');
    expect(await rows('select who from honest')).toEqual([{ who: db.access.checker.user }]);
    expect(await ask('select who from honest', { views: false })).toMatchObject({
      problem: 'rejected',
      reason: expect.stringContaining('view'),
    });
  });

  it('survives a view that errors and a type that will not cast', async () => {
    await db.trainee('create table amounts (a text)');
    await db.trainee("insert into amounts values ('ten')");
    await db.trainee('create view broken as select a::numeric as a from amounts');
    expect(await problem('select a from broken')).toBe('rejected');
    await db.trainee(
      `create function shout() returns int language plpgsql as $$ begin raise exception 'x'; end $$`,
    );
    await db.trainee('create view shouting as select shout() as a');
    expect(await problem('select a from shouting')).toBe('rejected');
  });

  it('is not told by an operator or a function that the trainee put beside the real one', async () => {
    await db.trainee(`create table people (email varchar(50)); insert into people values ('a@b.c')`);
    const forged = "select count(*)::int as n from people where email = 'nobody'";
    expect(await rows(forged)).toEqual([{ n: 0 }]);
    await db.trainee(`create function always(varchar, varchar) returns bool language sql as 'select true'`);
    await db.trainee('create operator = (leftarg = varchar, rightarg = varchar, function = always)');
    // The attack is real: who reads without the guard counts what is not there.
    expect((await db.trainee(forged)).rows).toEqual([{ n: 1 }]);
    expect(await ask(forged)).toMatchObject({
      problem: 'rejected',
      reason: expect.stringContaining('public.='),
    });
    // Nor can the guard itself be told: each of these would win over an inexact operator in it.
    await db.trainee(`create function never(oid, regnamespace) returns bool language sql as 'select false'`);
    await db.trainee('create operator = (leftarg = oid, rightarg = regnamespace, function = never)');
    await db.trainee(
      `create function has_schema_privilege(text, text, text) returns bool language sql as 'select false'`,
    );
    expect(await problem(forged)).toBe('rejected');
    await db.trainee(
      'drop function has_schema_privilege(text, text, text); drop operator = (oid, regnamespace)',
    );
    await db.trainee('drop operator = (varchar, varchar)');
    await db.trainee(`create function lower(varchar) returns text language sql as $$ select 'x' $$`);
    expect(await problem("select 1 from people where lower(email) = 'x'")).toBe('rejected');
    await db.trainee('drop function lower(varchar)');
    expect(await rows(forged)).toEqual([{ n: 0 }]);
  });

  it('changes nothing, whatever a function of the trainee does about it', async () => {
    await db.trainee(`create table written (a int); grant insert on written to public`);
    await db.trainee(`create function write_it() returns int language plpgsql as $$ begin
      begin perform set_config('transaction_read_only', 'off', false); exception when others then null; end;
      begin perform set_config('default_transaction_read_only', 'off', false); exception when others then null; end;
      insert into written values (1); return 1; end $$`);
    await db.trainee('create view writing as select write_it() as a');
    expect(await problem('select a from writing')).toBe('rejected');
    expect(await problem('select write_it()')).toBe('rejected');
    expect((await db.admin('select count(*)::int as n from written')).rows).toEqual([{ n: 0 }]);
  });

  it('waits for no lock beyond its time', async () => {
    await db.trainee('create table locked (a int)');
    await db.trainee('begin; lock table locked in access exclusive mode');
    try {
      expect(await problem('select a from locked', { timeout: '500ms' })).toBe('slow');
    } finally {
      await db.trainee('rollback');
    }
  });

  it('refuses json that is too deep', async () => {
    expect(await problem("select (repeat('[', 100) || repeat(']', 100))::json as a")).toBe('oversized');
  });
});

describe('caps', () => {
  it('takes a thousand rows and refuses one more', async () => {
    expect(await rows('select count(*)::int as n from generate_series(1, 1000) g')).toEqual([{ n: 1000 }]);
    expect(((await rows('select g from generate_series(1, 1000) g')) as unknown[]).length).toBe(1000);
    expect(await problem('select g from generate_series(1, 1001) g')).toBe('oversized');
  });

  it('reads no million rows and no value of 100 MB into memory', async () => {
    await db.trainee('create view many as select g, md5(g::text) as h from generate_series(1, 1000000) g');
    await db.trainee("create view wide as select repeat('x', 100000000) as w");
    const before = process.memoryUsage().rss;
    expect(await problem('select * from many')).toBe('oversized');
    expect(await problem('select w from wide')).toBe('oversized');
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('is not flooded by notices', async () => {
    await db.trainee(`create function flood() returns int language plpgsql as $$ begin
      perform set_config('client_min_messages', 'notice', false);
      for i in 1..100000 loop raise notice '%', repeat('x', 1000); end loop; return 1; end $$`);
    await db.trainee('create view flooding as select flood() as a');
    expect(await problem('select a from flooding')).toBe('oversized');
  });
});

describe('time', () => {
  it('ends a sleeping query at its time', async () => {
    const start = performance.now();
    const seen = await ask('select pg_sleep(30)', { timeout: '400ms' });
    expect(seen).toMatchObject({ outcome: 'unseen', problem: 'slow' });
    expect(performance.now() - start).toBeLessThan(1_400);
    expect(await checkerIsWorking()).toBe(0);
  });

  it('is not held by a function that swallows its cancelling, and leaves no backend behind', async () => {
    await db.trainee(`create function stubborn() returns int language plpgsql as $$ begin
      perform set_config('client_connection_check_interval', '0', false);
      loop begin perform pg_sleep(60); exception when query_canceled then null; end; end loop; end $$`);
    await db.trainee('create view stuck as select stubborn() as a');
    const start = performance.now();
    expect(await problem('select a from stuck', { timeout: '500ms' })).toBe('slow');
    expect(performance.now() - start).toBeLessThan(1_500);
    expect(await checkerIsWorking()).toBe(0);
  });

  it('gives up within 200 ms when it is aborted', async () => {
    const stop = new AbortController();
    const spec = sqlObserver.spec.parse({ component: 'database', query: 'select pg_sleep(30)' });
    const seen = sqlObserver.observe(spec, lookContext(testHandle({ database: db.access })), stop.signal);
    await sleep(150);
    const start = performance.now();
    stop.abort();
    await expect(seen).rejects.toThrow();
    expect(performance.now() - start).toBeLessThan(200);
    expect(await checkerIsWorking()).toBe(0);
  });
});

describe('explain', () => {
  const plan = async (query: string, more: object = {}) => {
    const seen = await ask(query, { explain: true, ...more });
    if (seen.outcome !== 'seen') throw new Error(`${seen.problem}: ${seen.internal}`);
    return (
      seen.value as { plan: { nodes: Record<string, unknown>[]; executionMs: unknown; blocks: unknown } }
    ).plan;
  };

  it('flattens the plan, with arguments, and does not run the query', async () => {
    await db.trainee(`create table services (id int primary key, customer_id int);
      insert into services select g, g from generate_series(1, 20000) g`);
    await db.trainee('analyze services');
    const before = await plan('select * from services where customer_id = $1', { args: [7] });
    expect(before.nodes).toMatchObject([{ type: 'Seq Scan', relation: 'services', index: null, depth: 0 }]);
    expect(before.nodes[0]?.filter).toContain('customer_id');
    await db.trainee('create index by_customer on services (customer_id)');
    const after = await plan('select * from services where customer_id = $1', { args: [7] });
    expect(after.nodes[0]).toMatchObject({ type: 'Index Scan', index: 'by_customer', actualRows: null });
    expect(after.executionMs).toBeNull();
    expect(after.blocks).toBeNull();
    const start = performance.now();
    await plan('select pg_sleep(20) from services');
    expect(performance.now() - start).toBeLessThan(3_000);
  });

  it('counts the pages that the query touched, as often as it touched them', async () => {
    await db.trainee('create table pages (a int); insert into pages select generate_series(1, 5000)');
    const once = await plan('select count(*) from pages', { analyze: true });
    const often = await plan(
      'select (select count(*) from pages where a > n) from generate_series(1, 10) as n',
      { analyze: true },
    );
    const size = 23;
    expect(once.blocks).toBe(size);
    expect(often.blocks).toBe(10 * size);
  });

  it('measures only when asked, and still changes nothing', async () => {
    await db.trainee('create table measured (a int)');
    expect((await plan('select 1 from measured', { analyze: true })).nodes[0]).toMatchObject({
      actualRows: 0,
    });
    await db.admin(`grant insert on measured to ${db.access.checker.user}`);
    expect(await problem('insert into measured values (1)', { explain: true, analyze: true })).toBe(
      'rejected',
    );
    expect(sqlObserver.spec.safeParse({ component: 'database', query: 'x', analyze: true }).success).toBe(
      false,
    );
  });
});

describe('a database that is copied meanwhile', () => {
  const allow = (yes: boolean) =>
    postgres.query(`alter database "${db.access.database}" with allow_connections ${yes}`);
  const end = () =>
    postgres.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and usename = $2`,
      [db.access.database, db.access.checker.user],
    );
  let postgres: pg.Client;
  beforeAll(async () => {
    postgres = new pg.Client({ connectionString: db.serverUrl });
    await postgres.connect();
  });
  afterAll(() => postgres.end());

  it('is read all the same when it is open again in time', async () => {
    const slow = ask("select 'read' as a from pg_sleep(1)");
    await sleep(400);
    await allow(false);
    await end();
    await sleep(600);
    await allow(true);
    expect(await slow).toMatchObject({ outcome: 'seen', value: { rows: [{ a: 'read' }] } });
  });

  it('is read all the same when a copy ends whoever comes in, until it has its lock', async () => {
    const slow = ask("select 'read' as a from pg_sleep(0.5)");
    for (let ended = 0; ended < 4; await sleep(5)) ended += (await end()).rowCount ?? 0;
    expect(await slow).toMatchObject({ outcome: 'seen', value: { rows: [{ a: 'read' }] } });
  });

  it('is asked again where a signal kept its server from opening a file, and not without end', async () => {
    const refuse = (seconds: number) =>
      db.admin(`create or replace function interrupted() returns int language plpgsql as $$ begin
        if clock_timestamp() < '${new Date(Date.now() + seconds * 1000).toISOString()}' then
          raise 'could not open file "base/1/2": Interrupted system call' using errcode = 'XX000';
        end if; return 1; end $$`);
    await refuse(0.2);
    expect(await rows('select interrupted() as x')).toEqual([{ x: 1 }]);
    await refuse(60);
    expect(await problem('select interrupted() as x')).toBe('rejected');
  });

  it('is never waited for in vain, whenever a session is ended', async () => {
    let isOver = false;
    const ending = (async () => {
      for (; !isOver; await sleep(Math.random() * 60)) await end();
    })();
    const asked = async () => {
      const problems: string[] = [];
      for (let nth = 0; nth < 15; nth += 1) problems.push(await problem('select 1'));
      return problems;
    };
    const problems = (await Promise.all([asked(), asked(), asked()])).flat();
    isOver = true;
    await ending;
    expect(problems).not.toContain('slow');
    expect(problems).toContain('seen');
  });

  it('is our fault when it stays closed', async () => {
    await allow(false);
    try {
      const seen = await ask('select 1', { timeout: '1s' });
      expect(seen).toMatchObject({ outcome: 'unseen', problem: 'backend_down' });
      expect(seen).toMatchObject({ internal: expect.stringContaining('55000') });
    } finally {
      await allow(true);
    }
  });
});

describe('our own trouble', () => {
  it('is backend_down only when the checker cannot connect either', async () => {
    const nowhere = { ...db.access, port: 1 };
    const spec = sqlObserver.spec.parse({ component: 'database', query: 'select 1' });
    const seen = await sqlObserver.observe(
      spec,
      lookContext(testHandle({ database: nowhere })),
      AbortSignal.timeout(10_000),
    );
    expect(seen).toMatchObject({ outcome: 'unseen', problem: 'backend_down' });
    expect(JSON.stringify(seen)).not.toContain(db.access.checker.password);
  });

  it('is not to blame when a backend is ended while it is asked', async () => {
    await db.admin(`create function suicide() returns int language plpgsql security definer as $$ begin
      perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(1); return 1; end $$;
      create view dying as select suicide() as a; grant select on dying to public`);
    expect(await problem('select a from dying')).toBe('refused');
  });
});
