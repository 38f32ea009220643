/** Tokens without a server: for whoever owns the data folder or knows DATABASE_URL, which is as good as any token. */
import type { Config } from '../config.ts';
import type { TokenStore } from '../lab/tokens.ts';
import { createTokenStore } from '../store/token-store.ts';
import { createCloser } from './closer.ts';
import { openControlDatabase } from './control-database.ts';
import { ensureInstallationKey, lockDataFolder, openDataFolder } from './data-folder.ts';
import type { Log } from './log.ts';
import { startServers } from './servers.ts';
import { createStopwatch } from './stopwatch.ts';

/** Opens the control database, starting the embedded one where none is given; the caller closes. */
export async function openTokens(
  config: Config,
  log: Log,
  signal: AbortSignal,
): Promise<{ readonly tokens: TokenStore; close(): Promise<void> }> {
  const closer = createCloser((name, ms, failure) => {
    if (failure !== null) log.warn({ ms, err: failure }, `${name} could not be closed`);
  });
  try {
    openDataFolder(config.dataDir);
    const lock = lockDataFolder(config.dataDir, 'labwright token');
    closer.add('the lock of the data folder', lock.release);
    const key = ensureInstallationKey(config.dataDir, config.installationKey);
    const { controlUrl, controlIsEmbedded } = await startServers(
      // Tokens need the control database, and nothing that labs stand on.
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
    return { tokens: createTokenStore(pool), close: closer.close };
  } catch (error) {
    await closer.close();
    throw error;
  }
}
