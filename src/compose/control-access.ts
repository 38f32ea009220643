/** The control database without a server: for whoever owns the data folder or knows DATABASE_URL. */
import type pg from 'pg';
import type { Config } from '../config.ts';
import { createCloser } from './closer.ts';
import { openControlDatabase } from './control-database.ts';
import { ensureInstallationKey, lockDataFolder, openDataFolder } from './data-folder.ts';
import type { Log } from './log.ts';
import { startServers } from './servers.ts';
import { createStopwatch } from './stopwatch.ts';

export interface ControlAccess {
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

/**
 * Migrates and opens it, starting the embedded one where none is given; the caller closes. Where database and key are
 * given, the data folder is not touched, so that a server may run on it. Throws LabError `start_failed`, `conflict`.
 */
export async function openControl(
  config: Config,
  { what, log, signal }: { readonly what: string; readonly log: Log; readonly signal: AbortSignal },
): Promise<ControlAccess> {
  const closer = createCloser((name, ms, failure) => {
    if (failure !== null) log.warn({ ms, err: failure }, `${name} could not be closed`);
  });
  try {
    if (!isGiven(config)) {
      openDataFolder(config.dataDir);
      const lock = lockDataFolder(config.dataDir, what);
      closer.add('the lock of the data folder', lock.release);
    }
    const key = ensureInstallationKey(config.dataDir, config.installationKey);
    const { controlUrl, controlIsEmbedded } = await startServers(
      // This needs the control database, and nothing that labs stand on.
      { ...config, backends: [] },
      key,
      { say: () => {}, signal, stopwatch: createStopwatch(), closer },
    );
    const pool = await openControlDatabase(
      controlUrl,
      { embedded: controlIsEmbedded, connections: 2, key, keyIsGiven: config.installationKey !== null },
      log,
      signal,
    );
    closer.add('the control database', () => pool.end());
    return { pool, close: closer.close };
  } catch (error) {
    await closer.close();
    throw error;
  }
}

/** Replicas are told both; nothing of theirs is in a data folder. */
export function isGiven({ databaseUrl, installationKey }: Config): boolean {
  return databaseUrl !== null && installationKey !== null;
}
