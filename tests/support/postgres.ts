/**
 * Real PostgreSQL for tests: one embedded cluster a test run, started by whoever needs it first, and databases of
 * one's own in it.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { findPostgresBinaries } from '../../src/embedded/binaries.ts';
import { type Cluster, startCluster, stopClusterIn } from '../../src/embedded/cluster.ts';
import { ensureFolder } from '../../src/embedded/folder.ts';
import { ensureOsUsers } from '../../src/embedded/os-user.ts';
import { identify, isAlive, type ProcessIdentity } from '../../src/embedded/process-identity.ts';

export interface TestPostgres {
  /** Of the superuser, on database `postgres`. The cluster is shared: do not change what others see. */
  readonly adminUrl: string;
  /** A new empty database; gives its URL, as superuser. */
  createDatabase(name?: string): Promise<string>;
  /** Drops the databases that were made here; the cluster stays for the others. */
  stop(): Promise<void>;
}

/** Set by `global-postgres.ts` for a whole test run; without it each caller has a cluster of its own. */
export const sharedFolderVariable = 'LABWRIGHT_TEST_POSTGRES';

export async function startTestPostgres(): Promise<TestPostgres> {
  const shared = process.env[sharedFolderVariable];
  const folder = shared ?? makeClusterFolder();
  const cluster = await startOnce(folder);
  const admin = new pg.Client({ connectionString: cluster.adminUrl });
  await admin.connect();
  const made: string[] = [];
  return {
    adminUrl: cluster.adminUrl,
    async createDatabase(name = `test_${randomBytes(6).toString('hex')}`) {
      await admin.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
      made.push(name);
      const url = new URL(cluster.adminUrl);
      url.pathname = `/${encodeURIComponent(name)}`;
      return url.href;
    },
    async stop() {
      for (const name of made.splice(0)) {
        await admin.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);
      }
      await admin.end();
      if (shared === undefined) await removeCluster(folder);
    },
  };
}

const folderPrefix = 'labwright-test-postgres-';

export function makeClusterFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), folderPrefix));
  writeFileSync(join(folder, 'owner.json'), JSON.stringify(identify(process.pid)));
  return folder;
}

/** Stops the clusters of test runs that were killed before they could. */
export async function removeAbandonedClusters(): Promise<void> {
  for (const entry of readdirSync(tmpdir()).filter((name) => name.startsWith(folderPrefix))) {
    const folder = join(tmpdir(), entry);
    try {
      const owner = JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8')) as ProcessIdentity;
      if (!isAlive(owner)) await removeCluster(folder);
    } catch {
      // Somebody else's, or just being made or removed.
    }
  }
}

export async function removeCluster(folder: string): Promise<void> {
  await stopClusterIn(join(folder, 'cluster'));
  rmSync(folder, { recursive: true, force: true });
}

/** Test files run in processes of their own: the first one starts the cluster, the others wait and adopt it. */
async function startOnce(folder: string): Promise<Cluster> {
  const lock = join(folder, 'starting');
  const deadline = performance.now() + 60_000;
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(25);
    }
  }
  try {
    const users = await ensureOsUsers();
    ensureFolder(folder, null, 0o755);
    return await startCluster(
      {
        folder: join(folder, 'cluster'),
        binaries: findPostgresBinaries().root,
        user: users.postgres,
        password: 'test',
        durable: false,
        settings: {
          max_connections: '200',
          max_wal_size: '256MB',
          shared_preload_libraries: 'pg_stat_statements',
        },
      },
      AbortSignal.timeout(60_000),
    );
  } finally {
    rmdirSync(lock);
  }
}
