import type { FastifyInstance } from 'fastify';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Variant } from '../../src/sample-api/variants.ts';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';
import { clientOf, mint, seedDatabase, startApp } from './support.ts';

let postgres: TestPostgres;
let url: string;
let foreignCustomer: string;
const apps = new Map<Variant, FastifyInstance>();

beforeAll(async () => {
  postgres = await startTestPostgres();
  url = await postgres.createDatabase();
  await seedDatabase(url);
  for (const variant of ['stock', 'n-plus-one', 'no-tenant-filter'] as const)
    apps.set(variant, await startApp(url, { VARIANT: variant }));
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  foreignCustomer = (
    await client.query(
      `select c.id from customers c join tenants t on t.id = c.tenant_id where t.slug <> 'dotmac-residential' limit 1`,
    )
  ).rows[0].id;
  await client.end();
});
afterAll(async () => {
  for (const app of apps.values()) await app.close();
  await postgres?.stop();
});

function appOf(variant: Variant): FastifyInstance {
  const app = apps.get(variant);
  if (app === undefined) throw new Error(`${variant} did not start`);
  return app;
}

async function queriesOf(variant: Variant, path: string): Promise<number> {
  const app = appOf(variant);
  const read = async () => Number(/^db_queries_total (\d+)$/m.exec((await app.inject('/metrics')).body)?.[1]);
  const before = await read();
  const answer = await clientOf(app, await mint())('GET', path);
  expect(answer.json.items).toHaveLength(50);
  return (await read()) - before;
}

describe('variants', () => {
  const page = '/api/v1/customers?include=services&limit=50';

  it('stock asks twice for 50 customers with their services, n-plus-one 51 times', async () => {
    expect(await queriesOf('stock', page)).toBe(2);
    expect(await queriesOf('n-plus-one', page)).toBe(51);
  });

  it('answer alike', async () => {
    const token = await mint();
    const [stock, slow] = [
      await clientOf(appOf('stock'), token)('GET', page),
      await clientOf(appOf('n-plus-one'), token)('GET', page),
    ];
    expect(slow.json).toEqual(stock.json);
    expect(stock.json.items.flatMap((item: { services: unknown[] }) => item.services).length).toBeGreaterThan(
      50,
    );
  });

  it("no-tenant-filter gives away another tenant's customer, stock does not", async () => {
    const path = `/api/v1/customers/${foreignCustomer}`;
    const token = await mint();
    expect((await clientOf(appOf('stock'), token)('GET', path)).status).toBe(404);
    const leaked = await clientOf(appOf('no-tenant-filter'), token)('GET', path);
    expect(leaked.json).toMatchObject({ id: foreignCustomer });
    // Only where it is declared.
    expect((await clientOf(appOf('no-tenant-filter'), token)('PATCH', path, { city: 'X' })).status).toBe(404);
  });
});
