/** The floor of a lab: the same database and the same sample API, made by hand with nothing around them. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { findFreePort } from '../../src/embedded/free-port.ts';
import { asUser } from '../../src/embedded/os-user.ts';
import { scramVerifier } from '../../src/sandbox/postgres/scram.ts';
import { probe } from '../../src/sandbox/process/http-probe.ts';
import { end } from './server.ts';
import type { World } from './world.ts';

const quote = pg.escapeIdentifier;

/** The newest template database on the labs' cluster. */
export async function templateDatabase({ labs }: World): Promise<string> {
  const { rows } = await labs.query<{ name: string }>(
    String.raw`select datname as name from pg_database where datname like 'lw%\_t\_%' order by oid desc limit 1`,
  );
  if (rows[0] === undefined) throw new Error('there is no template database');
  return rows[0].name;
}

export async function rawClone({ labs }: World, source: string, name: string): Promise<void> {
  await labs.query(`CREATE DATABASE ${quote(name)} TEMPLATE ${quote(source)}`);
}

export async function rawDrop({ labs }: World, name: string): Promise<void> {
  await labs.query(`DROP DATABASE IF EXISTS ${quote(name)} WITH (FORCE)`);
}

export interface RawLab {
  remove(): Promise<void>;
}

/**
 * Clone, role, API up to its first 200. The child has the environment, user, priority and flags of a lab's own.
 * @param compileCache a lab's folder of compiled modules
 */
export async function rawLab(world: World, source: string, compileCache: string): Promise<RawLab> {
  const { labs, labsUrl, programs, users } = world;
  const name = `raw_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(18).toString('base64url');
  const [port, verifier] = await Promise.all([findFreePort(), scramVerifier(password, 1)]);
  await rawClone(world, source, name);
  const group = source.replace(/_t_.*/, '_g_api');
  await labs.query(
    `CREATE ROLE ${quote(name)} LOGIN PASSWORD ${pg.escapeLiteral(verifier)} IN ROLE ${quote(group)};
     ALTER DATABASE ${quote(name)} ALLOW_CONNECTIONS true;
     GRANT CONNECT ON DATABASE ${quote(name)} TO ${quote(name)}`,
  );
  const url = new URL(labsUrl);
  [url.username, url.password, url.pathname] = [name, password, `/${name}`];
  const args = ['--max-old-space-size=256', join(programs.sampleApi, 'main.ts')];
  const child = spawn(programs.node, args, {
    ...asUser(users.lab),
    cwd: '/',
    detached: true,
    stdio: 'ignore',
    env: {
      PATH: '/usr/bin:/bin',
      LANG: 'C.UTF-8',
      NODE_COMPILE_CACHE: compileCache,
      DATABASE_URL: url.href,
      HOST: '127.0.0.1',
      PORT: String(port),
      JWT_SECRET: randomBytes(32).toString('hex'),
      VARIANT: 'stock',
      SEED: 'never',
      BOOTSTRAP_USER: JSON.stringify(account),
      POOL_SIZE: '4',
      EXIT_WITH_PARENT: '0',
    },
  });
  const remove = async () => {
    await end(child, 'SIGKILL');
    await rawDrop(world, name);
    await labs.query(`DROP ROLE IF EXISTS ${quote(name)}`);
  };
  try {
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    while ((await probe(port, '/health/ready', 1_000)) !== 200) {
      world.signal.throwIfAborted();
      if (child.exitCode !== null) throw new Error(`the sample API ended with ${child.exitCode}`);
      await delay(10);
    }
  } catch (thrown) {
    await remove();
    throw thrown;
  }
  return { remove };
}

const account = {
  id: '7a1e0000-0000-4000-8000-000000000001',
  email: 'trainee@dotmac.example',
  tenantId: '7e000000-0000-4000-8000-000000000001',
  permissions: ['customer:read', 'invoice:read'],
  password: 'of the floor',
};
