/** Commands that need the control database and no server: of an installation of several replicas. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';
import { makeDataFolder, removeDataFolder, run, start } from './labwright.ts';

const minute = 60_000;
let postgres: TestPostgres;
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  postgres = await startTestPostgres();
  folder = makeDataFolder();
  env = {
    DATABASE_URL: await postgres.createDatabase(),
    INSTALLATION_KEY: randomBytes(32).toString('hex'),
    DATA_DIR: folder,
    BACKENDS: 'docker',
    DOCKER_HOST: 'tcp://127.0.0.1:1',
  };
});
afterAll(async () => {
  if (folder) removeDataFolder(folder);
  await postgres?.stop();
});

describe('without a server', { timeout: 3 * minute }, () => {
  it('migrates, also what is migrated already', async () => {
    for (const _ of [1, 2]) {
      const ended = await run(['migrate'], env);
      expect(ended, ended.stderr).toMatchObject({ code: 0 });
      expect(ended.stdout).toContain('has the schema of this version');
    }
    const client = new pg.Client({ connectionString: env.DATABASE_URL });
    await client.connect();
    const { rows } = await client.query('select count(*)::int as n from installation');
    await client.end();
    expect(rows).toEqual([{ n: 1 }]);
  });

  it('says which database it cannot use', async () => {
    const ended = await run(['migrate'], {
      ...env,
      DATABASE_URL: 'postgres://u:hunter2@127.0.0.1:1/x?sslmode=bogus',
    });
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('DATABASE_URL: the database cannot be used');
    expect(ended.stderr).not.toContain('hunter2');
  });

  it('makes a token beside a replica that has saved none', async () => {
    const server = start(['serve', '--json', '--roles', 'api', '--port', '0'], env);
    await expect.poll(() => server.stdout(), { timeout: minute }).toContain('"ready"');
    const { url } = JSON.parse(server.stdout().split('\n')[0] ?? '') as { url: string };
    rmSync(join(folder, 'tokens.json'));
    const made = await run(['token', 'create', 'ann'], env);
    expect(made, made.stderr).toMatchObject({ code: 0 });
    const headers = { authorization: `Bearer ${made.stdout.trim()}` };
    expect((await fetch(`${url}/api/v1/labs`, { headers })).status).toBe(200);
    server.child.kill('SIGTERM');
    await server.ended;
  });
});
