/**
 * The two clusters of an installation without servers of its own: one for what Labwright must remember, one for what
 * trainees may ruin. Apart, so that a lab can neither reach the control database nor slow its commits.
 */
import { hkdfSync } from 'node:crypto';
import { join } from 'node:path';
import { type Cluster, startCluster } from './cluster.ts';
import type { OsUser } from './os-user.ts';

export interface ClusterHome {
  readonly dataDir: string;
  /** PostgreSQL's `bin`, `lib` and `share`, readable by `user`. */
  readonly binaries: string;
  readonly user: OsUser | null;
  readonly installationKey: Uint8Array;
}

/** The control cluster, in `<dataDir>/control`: fully durable. Throws LabError `start_failed`. */
export function startControlCluster(home: ClusterHome, signal: AbortSignal): Promise<Cluster> {
  return start(home, 'control', true, { max_connections: '100', shared_buffers: '64MB' }, signal);
}

/**
 * The labs' cluster, in `<dataDir>/labs`. It survives a killed server or Labwright like any other; only a crash of
 * the whole machine may cost its data, and labs are remade from their templates then. Without fsync a clone of 10 MB
 * of sample data took 22 to 44 ms where it took 170 with it (measured, medians).
 */
export function startLabsCluster(home: ClusterHome, signal: AbortSignal): Promise<Cluster> {
  return start(home, 'labs', false, labsSettings, signal);
}

/** Exported for tests, which attack labs on a cluster like the real one. */
export const labsSettings: Readonly<Record<string, string>> = {
  max_connections: '300',
  shared_buffers: '256MB',
  // No replica ever reads this log.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '2GB',
  checkpoint_timeout: '30min',
  // The launcher goes round all databases once in this time; a hundred labs with the default minute would keep it busy.
  autovacuum_naptime: '5min',
  // The lock table is one for all labs: room until the lock guard has ended whoever fills it.
  max_locks_per_transaction: '256',
  // So is the queue of notifications, which a session that does not read them lets grow: to 64 MB, not to 8 GB.
  max_notify_queue_pages: '8192',
  // Compile time would be most of what a measured query takes.
  jit: 'off',
  shared_preload_libraries: 'pg_stat_statements',
  // Shared by all labs: with the default of 5,000 a few busy ones would push the others' statements out.
  'pg_stat_statements.max': '20000',
  'pg_stat_statements.track': 'top',
};

function start(
  home: ClusterHome,
  name: string,
  durable: boolean,
  settings: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Cluster> {
  const { dataDir, binaries, user, installationKey } = home;
  const key = hkdfSync('sha256', installationKey, 'labwright', `cluster:${name}`, 24);
  const password = Buffer.from(key).toString('base64url');
  return startCluster({ folder: join(dataDir, name), binaries, user, password, durable, settings }, signal);
}
