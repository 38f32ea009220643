/** Tokens without a server: for whoever owns the data folder or knows DATABASE_URL, which is as good as any token. */
import type { Config } from '../config.ts';
import type { TokenStore } from '../lab/tokens.ts';
import { createTokenStore } from '../store/token-store.ts';
import { openControl } from './control-access.ts';
import type { Log } from './log.ts';

/** Opens the control database, starting the embedded one where none is given; the caller closes. */
export async function openTokens(
  config: Config,
  log: Log,
  signal: AbortSignal,
): Promise<{ readonly tokens: TokenStore; close(): Promise<void> }> {
  const { pool, close } = await openControl(config, { what: 'labwright token', log, signal });
  return { tokens: createTokenStore(pool), close };
}
