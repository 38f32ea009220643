import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NamespacesHandle, Observation } from '../../src/grading/types.ts';
import { baselineObserver } from '../../src/observers/baseline.ts';
import { lookContext, noRecords, testHandle } from '../support/handle.ts';
import { type LabDatabase, startLabDatabase } from '../support/lab-database.ts';

let start: LabDatabase;
let now: LabDatabase;
/** Nothing of the cluster is asked. */
const namespaces = {} as NamespacesHandle;
let folders: { readonly start: string; readonly now: string };

const tables = `
  create table customers (id int primary key, name text, note text);
  insert into customers select g, 'name ' || g, null from generate_series(1, 3000) g;
  create table tags (customer_id int, tag text, primary key (customer_id, tag));
  insert into tags values (1, 'a'), (1, 'b');
  create table lines (text text);
  insert into lines values ('x'), ('x'), ('y');
  create index by_name on customers (name);
  create function one() returns int language sql as 'select 1';
`;

beforeAll(async () => {
  start = await startLabDatabase();
  now = await startLabDatabase();
  for (const side of [start, now]) await side.trainee(tables);
  const made = () => mkdtempSync(join(tmpdir(), 'labwright-baseline-'));
  folders = { start: made(), now: made() };
});
afterAll(async () => {
  rmSync(folders.start, { recursive: true });
  rmSync(folders.now, { recursive: true });
  await start.stop();
  await now.stop();
});

function ask(more: object, component = 'database'): Promise<Observation> {
  const side = (database: LabDatabase, path: string) =>
    testHandle({ database: database.access, workspace: { kind: 'shell', path } });
  const records = { ...noRecords, reference: async () => side(start, folders.start) };
  const context = lookContext(side(now, folders.now), { records });
  const spec = baselineObserver.spec.parse({ component, ...more });
  return baselineObserver.observe(spec, context, AbortSignal.timeout(30_000));
}

async function value(more: object, component?: string): Promise<Record<string, unknown>> {
  const seen = await ask(more, component);
  if (seen.outcome !== 'seen') throw new Error(`${seen.problem}: ${seen.internal}`);
  return seen.value as Record<string, unknown>;
}

const rows = (...names: unknown[]) => ({ of: ['rows'], tables: names });
const none = { added: [], removed: [], changed: [] };
const noRows = { added: 0, removed: 0, changed: 0, addedKeys: [], removedKeys: [], changedKeys: [] };

describe('baseline of a schema', () => {
  it('shows no difference where there is none', async () => {
    const { schema } = await value({ of: ['schema'] });
    for (const section of Object.values(schema as object)) expect(section).toEqual(none);
  });

  it('names what was added, removed and changed', async () => {
    await now.trainee(`
      drop index by_name;
      create index by_note on customers (note);
      alter table customers alter column name set not null, add column email text;
      create or replace function one() returns int language sql as 'select 2';
      create table more (id int primary key);
    `);
    expect(await value({ of: ['schema'] })).toMatchObject({
      schema: {
        tables: { ...none, added: ['more'] },
        columns: { ...none, added: ['customers.email', 'more.id'], changed: ['customers.name'] },
        indexes: { ...none, added: ['by_note', 'more_pkey'], removed: ['by_name'] },
        functions: { ...none, changed: ['one()'] },
      },
    });
    expect(await value({ of: ['schema'], ignore: ['more*', 'by_*'] })).toMatchObject({
      schema: { tables: none, indexes: none },
    });
  });
});

describe('the start that a baseline compares with', () => {
  it('is ours to make in time', async () => {
    const records = { ...noRecords, reference: () => new Promise<never>(() => {}) };
    const context = lookContext(testHandle({ database: now.access }), { records });
    const spec = baselineObserver.spec.parse({ component: 'database', of: ['schema'], timeout: '200ms' });
    expect(await baselineObserver.observe(spec, context, AbortSignal.timeout(30_000))).toMatchObject({
      outcome: 'unseen',
      problem: 'untried',
    });
  });

  it('is a namespace made anew where its database is in one', async () => {
    const inNamespace = (side: LabDatabase) => {
      const services = { postgres: { host: side.access.host, port: side.access.port } };
      return testHandle({ production: { kind: 'namespace', namespace: 'n' } }, { services, namespaces });
    };
    const asked: unknown[] = [];
    const reference = async (at: string, names: readonly string[]) => {
      asked.push([at, names]);
      return inNamespace(now);
    };
    const context = lookContext(inNamespace(now), { records: { ...noRecords, reference } });
    const { database, trainee } = now.access;
    const login = { service: 'postgres', database, user: trainee.user, password: trainee.password };
    const spec = baselineObserver.spec.parse({ component: 'production', ...login, of: ['schema'] });
    const seen = await baselineObserver.observe(spec, context, AbortSignal.timeout(30_000));
    expect(seen).toMatchObject({ outcome: 'seen', value: { schema: { tables: none } } });
    expect(asked).toEqual([['start', ['production']]]);
  });
});

describe('baseline of rows', () => {
  it('counts and names rows that were added, removed and changed', async () => {
    expect(await value(rows('customers', 'tags'))).toEqual({ rows: { customers: noRows, tags: noRows } });
    await now.trainee(`
      delete from customers where id in (7, 8);
      update customers set note = 'changed' where id = 9;
      insert into customers values (5000, 'new');
      update tags set tag = 'c' where tag = 'b';
    `);
    expect(await value(rows('customers', 'tags'))).toEqual({
      rows: {
        customers: {
          added: 1,
          removed: 2,
          changed: 1,
          addedKeys: ['5000'],
          removedKeys: ['7', '8'],
          changedKeys: ['9'],
        },
        tags: { ...noRows, added: 1, removed: 1, addedKeys: ['(1,c)'], removedKeys: ['(1,b)'] },
      },
    });
    expect(await value(rows({ name: 'customers', columns: ['name'] }))).toMatchObject({
      rows: { customers: { changed: 0, removed: 2 } },
    });
  });

  it('tells one of two equal rows that is gone', async () => {
    await now.trainee("delete from lines where ctid = (select min(ctid) from lines where text = 'x')");
    expect(await value(rows('lines'))).toEqual({
      rows: { lines: { ...noRows, changed: 1, changedKeys: ['x'] } },
    });
  });

  it('compares rows by a key of the check', async () => {
    const byName = rows({ name: 'customers', key: ['name'], columns: ['name', 'note'] });
    expect(await value(byName)).toMatchObject({ rows: { customers: { removedKeys: ['name 7', 'name 8'] } } });
  });

  it('is missing when the table or a column of it is gone, and our bug when it never was', async () => {
    await now.trainee('alter table tags rename to tags_gone');
    expect(await ask(rows('tags'))).toMatchObject({
      problem: 'missing',
      reason: 'There is no table or view public.tags.',
    });
    await now.trainee('alter table tags_gone rename to tags');
    expect(await ask(rows('nothing'))).toMatchObject({ problem: 'bug' });
  });

  it('does not look through a view or a policy in place of a table', async () => {
    await now.trainee('alter table tags rename to hidden; create view tags as select * from hidden');
    expect(await ask(rows('tags'))).toMatchObject({ problem: 'rejected' });
    await now.trainee(
      'drop view tags; alter table hidden rename to tags; alter table tags enable row level security',
    );
    expect(await ask(rows('tags'))).toMatchObject({ problem: 'denied' });
    await now.trainee('alter table tags disable row level security');
  });

  it('refuses more differences than it can hold, and compares many rows soon', async () => {
    await now.trainee(
      'create table big as select g as id, g::text as name from generate_series(1, 100000) g',
    );
    await start.trainee(
      'create table big as select g as id, g::text as name from generate_series(1, 100000) g',
    );
    await now.trainee('alter table big add primary key (id)');
    await start.trainee('alter table big add primary key (id)');
    await now.trainee("update big set name = 'x' where id = 77");
    const before = process.memoryUsage().rss;
    expect(await value(rows('big'))).toMatchObject({ rows: { big: { changed: 1, changedKeys: ['77'] } } });
    await now.trainee("update big set name = 'x'");
    expect(await ask(rows('big'))).toMatchObject({ problem: 'oversized' });
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });
});

describe('baseline of files', () => {
  it('names files by what they hold, and follows no link', async () => {
    const write = (side: 'start' | 'now', path: string, text: string) => {
      const full = join(folders[side], path);
      mkdirSync(join(full, '..'), { recursive: true });
      writeFileSync(full, text);
    };
    for (const side of ['start', 'now'] as const) {
      write(side, 'src/same.ts', 'same');
      write(side, 'src/edited.ts', side === 'now' ? 'bbb' : 'aaa');
      write(side, 'node_modules/x/index.js', side);
    }
    write('start', 'src/removed.ts', '');
    write('now', 'src/added [1].ts', '');
    write('now', 'notes.md', '');
    symlinkSync('/etc/passwd', join(folders.now, 'link'));
    expect(await value({ of: ['files'] }, 'workspace')).toEqual({
      files: {
        added: ['notes.md', 'src/added [1].ts'],
        removed: ['src/removed.ts'],
        changed: ['src/edited.ts'],
      },
    });
    expect(await value({ of: ['files'], ignore: ['src/**'] }, 'workspace')).toEqual({
      files: { ...none, added: ['notes.md'] },
    });
  });
});
