/** A PostgreSQL server of the tests' own: attacks on what all labs of a server share would hit other tests elsewhere. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPostgresBinaries } from '../../../src/embedded/binaries.ts';
import { startCluster } from '../../../src/embedded/cluster.ts';
import { labsSettings } from '../../../src/embedded/clusters.ts';
import { ensureOsUsers } from '../../../src/embedded/os-user.ts';
import { type HostileWorld, inSession, startHostileWorld } from '../world.ts';

interface Server {
  readonly adminUrl: string;
  stop(): Promise<void>;
}

/** Few sessions, so that all of them can be taken. */
export const sessions = 50;

async function startServer(settings: Readonly<Record<string, string>>): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'labwright-attacked-'));
  chmodSync(folder, 0o755);
  const users = await ensureOsUsers();
  const cluster = await startCluster(
    {
      folder: join(folder, 'cluster'),
      binaries: findPostgresBinaries().root,
      user: users.postgres,
      password: 'test',
      durable: false,
      settings: { ...settings, max_connections: String(sessions), shared_buffers: '32MB' },
    },
    AbortSignal.timeout(60_000),
  );
  return {
    adminUrl: cluster.adminUrl,
    async stop() {
      await cluster.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Labs on a server like the real one, and beside it a bare one, which nobody guards and whose settings are PostgreSQL's own. */
export interface SharedServerWorld {
  readonly guarded: HostileWorld;
  readonly bare: Server;
  stop(): Promise<void>;
}

export async function startSharedServerWorld(): Promise<SharedServerWorld> {
  const preload = { shared_preload_libraries: 'pg_stat_statements' };
  const [real, bare] = await Promise.all([
    startServer(labsSettings),
    startServer({ ...preload, max_prepared_transactions: '5' }),
  ]);
  const guarded = await startHostileWorld(real);
  // A trainee as careless as can be: a role that may connect and make tables.
  await inSession({ connectionString: bare.adminUrl }, [
    `create role t login password 'x'`,
    'grant create on schema public to t',
    'create extension pg_stat_statements',
    'create table orders (id int)',
  ]);
  return {
    guarded,
    bare,
    async stop() {
      await guarded.stop();
      await bare.stop();
    },
  };
}

/** The bare server's trainee. */
export function bareTrainee({ bare }: SharedServerWorld) {
  const url = new URL(bare.adminUrl);
  return { host: url.hostname, port: Number(url.port), database: 'postgres', user: 't', password: 'x' };
}
