import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNaming } from '../../src/sandbox/naming.ts';
import { statementLines } from '../../src/sandbox/postgres/sql-statements.ts';
import type { PostgresRole, TemplateVersion } from '../../src/templates/types.ts';
import { asRole, plainDatabase, planFor, postgresAccess } from '../contracts/driver-contract-plans.ts';
import { makeDriver, startTestDriver, type TestDriver } from '../support/process-driver.ts';
import { versionWith } from '../support/versions.ts';

const signal = AbortSignal.timeout(300_000);
let test: TestDriver;
let admin: pg.Client;

beforeAll(async () => {
  test = await startTestDriver();
  admin = new pg.Client({ connectionString: test.labsUrl });
  await admin.connect();
});
afterAll(async () => {
  await admin?.end();
  await test?.stop();
});

function versionOf(files: Record<string, string>, traineeRole: PostgresRole = 'read-write'): TemplateVersion {
  const seed = { files: Object.keys(files) };
  const version = versionWith('seeded', `hash-${JSON.stringify(files)}`, {
    components: {
      database: { ...plainDatabase, kind: 'postgres', uses: [], custody: 'platform', seed, traineeRole },
    },
  });
  const encoded = Object.entries(files).map(
    ([name, text]) => [name, new TextEncoder().encode(text)] as const,
  );
  return { ...version, files: new Map(encoded) };
}

async function templateDatabases(): Promise<readonly string[]> {
  const prefix = createNaming(test.installationId).templateDatabase('');
  const { rows } = await admin.query<{ name: string }>(
    `select datname as name from pg_database where starts_with(datname, $1)
     union all select rolname from pg_roles where starts_with(rolname, $1)`,
    [prefix],
  );
  return rows.map(({ name }) => name);
}

describe('template databases', () => {
  it('are built once by any number of callers, also of another process', async () => {
    const version = versionOf({
      'a.sql': `create table a as select pg_backend_pid() as builder; select pg_sleep(0.3)`,
    });
    const other = await makeDriver(test.dataDir, test.installationId, test.labsUrl);
    await Promise.all([
      test.driver.prepare(version, signal),
      test.driver.prepare(version, signal),
      other.prepare(version, signal),
    ]);
    await other.close();
    expect(await templateDatabases()).toHaveLength(1);
    expect(await test.driver.list(signal)).toEqual([]);
    expect(await test.driver.pruneTemplates([version], 0)).toEqual([]);
    expect(await test.driver.pruneTemplates([], 1)).toEqual([]);
    expect(await test.driver.pruneTemplates([], 0)).toHaveLength(1);
    expect(await templateDatabases()).toEqual([]);
  });

  it.each([
    ['a word that is no SQL', 'select 1;\n\nselekt 2;\n', 3, 'syntax error'],
    [
      'a table that is not there',
      'create table t (a int);\n\n\ninsert into u values (1);',
      4,
      'does not exist',
    ],
    [
      'a row that breaks a rule',
      `create table t (a int primary key);\n-- a comment; with 'quotes\ninsert into t values (1);\ninsert into t\n values (1);`,
      4,
      'already exists',
    ],
    [
      'reading files of the server',
      `create table t (a text);\ncopy t from '/etc/passwd';`,
      2,
      'permission denied',
    ],
  ])('name file and line of a broken seed: %s', async (_, sql, line, message) => {
    const version = versionOf({ 'ok.sql': 'select 1', 'sql/broken.sql': sql });
    await expect(test.driver.prepare(version, signal)).rejects.toMatchObject({
      code: 'seed_failed',
      message: expect.stringMatching(new RegExp(`^sql/broken\\.sql:${line}: .*${message}`)),
      extra: { file: 'sql/broken.sql', line },
    });
    expect(await templateDatabases()).toEqual([]);
  });

  it('leave nothing when the caller gives up', async () => {
    const giveUp = AbortSignal.timeout(300);
    const version = versionOf({ 'slow.sql': 'select pg_sleep(60)' });
    await expect(test.driver.prepare(version, giveUp)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(await templateDatabases()).toEqual([]);
  });

  it('are made again when someone has dropped them', async () => {
    const version = versionOf({ 'a.sql': 'create table a as select 1 as x' });
    await test.driver.prepare(version, signal);
    for (const name of await templateDatabases()) await admin.query(`drop database ${name}`);
    const plan = planFor('sb-again', version);
    await test.driver.ensure(plan, 'database', signal);
    expect(await asRole(postgresAccess(test.driver, plan), 'trainee', 'select x from a')).toEqual([{ x: 1 }]);
    await test.driver.destroy('sb-again', signal);
  });
});

describe("a lab's roles", () => {
  const files = {
    'a.sql': `create table a (x int); insert into a values (1); create view v as select * from a;
              create schema observability; create table observability.log (id bigserial, x int);
              create function f() returns int language sql as 'select 1';`,
  };

  it('lets a read-only trainee look, and no more', async () => {
    const plan = planFor('sb-reader', versionOf(files, 'read-only'));
    await test.driver.ensure(plan, 'database', signal);
    const access = postgresAccess(test.driver, plan);
    expect(await asRole(access, 'trainee', 'select x from v')).toEqual([{ x: 1 }]);
    await asRole(access, 'trainee', 'select * from observability.log; create temp table t ()');
    for (const sql of ['insert into a values (2)', 'create table b ()', 'truncate a', 'create schema s']) {
      await expect(asRole(access, 'trainee', sql), sql).rejects.toMatchObject({ code: '42501' });
    }
  });

  it('lets a schema owner change the schema, but not what the platform records', async () => {
    const plan = planFor('sb-owner', versionOf(files, 'schema-owner'));
    await test.driver.ensure(plan, 'database', signal);
    const access = postgresAccess(test.driver, plan);
    await asRole(
      access,
      'trainee',
      `alter table a add y int; create index on a (x); create table b (z int); insert into b values (7); drop view v;
       create or replace function f() returns int language sql as 'select 2'; analyze a`,
    );
    for (const sql of [
      'insert into observability.log (x) values (1)',
      'create table observability.mine ()',
      'drop schema observability cascade',
      'alter table observability.log disable trigger all',
      `alter database ${access.database} set work_mem = 1000`,
      `set role ${createNaming(test.installationId).group('owner')}`,
    ]) {
      await expect(asRole(access, 'trainee', sql), sql).rejects.toMatchObject({ code: '42501' });
    }
    // The checker sees what the trainee has made, and the trainee cannot hide it.
    await asRole(access, 'trainee', `revoke all on b from public`);
    expect(await asRole(access, 'checker', 'select z from b')).toEqual([{ z: 7 }]);
    await test.driver.destroy('sb-owner', signal);
  });

  it('go away with the lab although another trainee has given them rights', async () => {
    const version = versionOf(files, 'schema-owner');
    const [mine, theirs] = [planFor('sb-mine', version), planFor('sb-theirs', version)];
    await test.driver.ensure(mine, 'database', signal);
    await test.driver.ensure(theirs, 'database', signal);
    const { user } = postgresAccess(test.driver, mine).trainee;
    await asRole(
      postgresAccess(test.driver, theirs),
      'trainee',
      `create table gift (); grant all on gift to ${user}`,
    );
    await test.driver.destroy('sb-mine', signal);
    expect((await admin.query('select from pg_roles where rolname = $1', [user])).rowCount).toBe(0);
    await test.driver.destroy('sb-theirs', signal);
  });

  it('are only there with the whole lab: a half-made clone is closed to all and made anew', async () => {
    const plan = planFor('sb-half', versionOf(files));
    await test.driver.prepare(plan.version, signal);
    const { database } = postgresAccess(test.driver, plan);
    await admin.query(`create database ${database} allow_connections false`);
    expect((await test.driver.observe(plan, signal)).components.database?.state).toBe('starting');
    expect((await test.driver.list(signal)).map(({ sandboxId }) => sandboxId)).toContain('sb-half');
    await test.driver.ensure(plan, 'database', signal);
    expect(await asRole(postgresAccess(test.driver, plan), 'trainee', 'select x from a')).toEqual([{ x: 1 }]);
  });
});

it('the line of each statement is found past strings, comments and dollar quotes', () => {
  const sql = `-- a;b\nselect ';' as "x;y";\n/* ; \n */ select $$;\n$$, $t$ $$ ; $t$;\n\nselect E'\\';';\nselect 1`;
  expect(statementLines(sql)).toEqual([2, 4, 7, 8]);
});
