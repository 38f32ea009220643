import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Observation } from '../../src/grading/types.ts';
import { schemaObserver } from '../../src/observers/schema.ts';
import { lookContext, testHandle } from '../support/handle.ts';
import { type LabDatabase, startLabDatabase } from '../support/lab-database.ts';

type Row = Readonly<Record<string, unknown>>;

let db: LabDatabase;

beforeAll(async () => {
  db = await startLabDatabase();
  await db.trainee(`
    create table tenants (id int primary key);
    create table services (
      id int generated always as identity primary key,
      "Order" text default 'x',
      tenant_id int not null references tenants on delete cascade,
      doubled int generated always as (1 + 1) stored
    );
    alter table services add constraint positive check (tenant_id > 0) not valid;
    create index by_tenant on services (tenant_id desc, lower("Order")) include (id) where tenant_id > 5;
    create view counted as select count(*) from services;
    create materialized view kept as select 1 as one;
    create function twice(a int) returns int language sql immutable security definer as 'select a * 2';
    create function touched() returns trigger language plpgsql as 'begin return new; end';
    create trigger touch before update on services for each row execute function touched();
    alter table services disable trigger touch, enable row level security;
    create policy own on services for select using (tenant_id = 1);
  `);
  await db.admin('create schema private; create table private.hidden (a int)');
});
afterAll(() => db.stop());

async function ask(more: object = {}): Promise<Readonly<Record<string, readonly Row[]>>> {
  const seen = await observe(more);
  if (seen.outcome !== 'seen') throw new Error(`${seen.problem}: ${seen.internal}`);
  return seen.value as unknown as Readonly<Record<string, readonly Row[]>>;
}

function observe(more: object = {}): Promise<Observation> {
  const spec = schemaObserver.spec.parse({ component: 'database', ...more });
  const context = lookContext(testHandle({ database: db.access }));
  return schemaObserver.observe(spec, context, AbortSignal.timeout(30_000));
}

const named = (rows: readonly Row[] | undefined, name: string) => rows?.find((row) => row.name === name);

describe('schema', () => {
  it('lists tables and columns as they are defined', async () => {
    const seen = await ask();
    expect(seen.tables?.map((table) => table.name)).toEqual(['services', 'tenants']);
    expect(named(seen.tables, 'services')).toMatchObject({ kind: 'table', rls: true, forceRls: false });
    expect(named(seen.columns, 'Order')).toMatchObject({
      table: 'services',
      type: 'text',
      nullable: true,
      default: "'x'::text",
    });
    expect(named(seen.columns, 'tenant_id')).toMatchObject({ nullable: false, default: null });
    expect(named(seen.columns, 'doubled')).toMatchObject({ generated: true, identity: false });
  });

  it('says of an index what a check asks of it', async () => {
    const { indexes } = await ask();
    expect(named(indexes, 'by_tenant')).toMatchObject({
      table: 'services',
      columns: ['tenant_id', 'lower("Order")'],
      included: ['id'],
      unique: false,
      primary: false,
      valid: true,
      predicate: '(tenant_id > 5)',
      method: 'btree',
    });
    expect(named(indexes, 'services_pkey')).toMatchObject({ unique: true, primary: true, predicate: null });
    expect(Number(named(indexes, 'by_tenant')?.size)).toBeGreaterThan(0);
  });

  it('tells an index that is not valid', async () => {
    await db.trainee('create table doubled (a int); insert into doubled values (1), (1)');
    await db.trainee('create unique index concurrently broken on doubled (a)').catch(() => {});
    expect(named((await ask()).indexes, 'broken')).toMatchObject({ valid: false });
    await db.trainee('drop table doubled');
  });

  it('lists constraints with what they refer to and whether they were checked', async () => {
    const { constraints } = await ask();
    expect(named(constraints, 'positive')).toMatchObject({
      kind: 'check',
      validated: false,
      references: null,
    });
    expect(named(constraints, 'services_tenant_id_fkey')).toMatchObject({
      kind: 'foreign key',
      columns: ['tenant_id'],
      validated: true,
      references: { schema: 'public', table: 'tenants', columns: ['id'], onDelete: 'cascade' },
    });
  });

  it('lists views, functions, triggers, policies and extensions', async () => {
    const seen = await ask();
    expect(named(seen.views, 'kept')).toMatchObject({ materialized: true });
    expect(named(seen.views, 'counted')?.definition).toContain('public.services');
    expect(named(seen.functions, 'twice')).toMatchObject({
      arguments: 'a integer',
      returns: 'integer',
      volatility: 'immutable',
      securityDefiner: true,
      source: 'select a * 2',
    });
    expect(named(seen.triggers, 'touch')).toMatchObject({ enabled: false, function: 'touched' });
    expect(named(seen.policies, 'own')).toMatchObject({
      command: 'select',
      roles: ['public'],
      using: '(tenant_id = 1)',
      check: null,
    });
    expect(named(seen.extensions, 'plpgsql')).toMatchObject({ schema: 'pg_catalog' });
  });

  it('narrows to tables and schemas', async () => {
    expect((await ask({ tables: ['tenants'] })).columns?.map((column) => column.name)).toEqual(['id']);
    expect((await ask({ schemas: ['private'] })).tables?.map((table) => table.name)).toEqual(['hidden']);
  });

  it('is not misled by operators and functions of the trainee', async () => {
    await db.trainee(
      `create function public.format_type(oid, int) returns text language sql as $$ select 'lie' $$`,
    );
    expect(named((await ask()).columns, 'Order')).toMatchObject({ type: 'text' });
  });

  it('refuses more than it can hold', async () => {
    await db.trainee(`do $$ begin for i in 1..9 loop
      execute 'create table many' || i || ' (' ||
        (select string_agg('c' || g || ' int', ',') from generate_series(1, 400) g) || ')';
    end loop; end $$`);
    expect(await observe()).toMatchObject({ outcome: 'unseen', problem: 'oversized' });
    expect(await observe({ tables: ['tenants'] })).toMatchObject({ outcome: 'seen' });
  });
});
