/** Labs of one database, seeded with SQL files. */
import pg from 'pg';
import type { SandboxPlan } from '../../src/lab/ports.ts';
import type { PostgresComponent, TemplateVersion } from '../../src/templates/types.ts';
import { plainDatabase, postgresAccess } from '../contracts/driver-contract-plans.ts';
import type { TestDriver } from './process-driver.ts';
import { versionWith } from './versions.ts';

/** `seed.sql` seeds it; `more` names other files that `files` brings, such as overlays. */
export function databaseVersion(
  files: Readonly<Record<string, string>>,
  more: Partial<PostgresComponent> = {},
): TemplateVersion {
  const database: PostgresComponent = {
    ...plainDatabase,
    kind: 'postgres',
    uses: [],
    custody: 'platform',
    seed: { files: ['seed.sql'] },
    traineeRole: 'schema-owner',
    ...more,
  };
  const version = versionWith('database', `hash-${JSON.stringify([files, more])}`, {
    components: { database },
  });
  const encode = (text: string) => new TextEncoder().encode(text);
  return { ...version, files: new Map(Object.entries(files).map(([name, text]) => [name, encode(text)])) };
}

/** A server of the lab's own, whose overlay writes the parameter `word`. */
export function ownServerVersion(more: Partial<PostgresComponent> = {}): TemplateVersion {
  const seed = `create table a (x int primary key); insert into a select generate_series(1, 5);
    create schema observability; create table observability.log (x int);`;
  return databaseVersion(
    { 'seed.sql': seed, 'overlay.sql': `create table mine as select :'word' as word` },
    {
      traineeRole: 'superuser-own-server',
      statementStats: 'own-database-view',
      overlay: ['overlay.sql'],
      extensions: ['pg_trgm'],
      ...more,
    },
  );
}

/** As the superuser of the labs' server, in a lab's database. */
export async function asSuperuser<Row extends pg.QueryResultRow>(
  test: TestDriver,
  plan: SandboxPlan,
  sql: string,
): Promise<Row[]> {
  const url = new URL(test.labsUrl);
  url.pathname = `/${postgresAccess(test.driver, plan).database}`;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}
