import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { LabError } from '../lab/errors.ts';
import type { Log } from '../lab/log.ts';
import { migrate } from '../store/migrate.ts';
import { createPool } from '../store/pool.ts';
import { ensureServiceRole } from '../store/service-role.ts';
import { servicePassword } from './service-password.ts';

/** A database that is being started with us (compose, a pod beside ours) is waited for so long. */
const patienceMs = 20_000;

/**
 * Migrates the control database and opens it, as a role that may only add to the audit log where that can be had.
 * Throws `start_failed` that says what is wrong with which setting.
 */
export async function openControlDatabase(
  url: string,
  options: {
    readonly embedded: boolean;
    readonly connections: number;
    /** The installation's. */
    readonly key: Uint8Array;
    /** The key was given by hand: it is right even where the database knows another. */
    readonly keyIsGiven: boolean;
  },
  log: Log,
  signal: AbortSignal,
): Promise<pg.Pool> {
  const deadline = performance.now() + patienceMs;
  for (let said = false; ; ) {
    try {
      await migrate(url, log);
      const { databaseUrl, shared } = await ensureServiceRole(
        url,
        await servicePassword(options.key),
        options.keyIsGiven,
      );
      if (shared !== null) log.warn({ because: shared }, 'the audit log is kept by its trigger alone');
      return createPool({ databaseUrl, max: options.connections, name: 'labwright' }, log);
    } catch (cause) {
      signal.throwIfAborted();
      if (cause instanceof LabError) throw cause;
      const later = canPass(cause) && !options.embedded && performance.now() < deadline;
      if (!later)
        throw startFailed(options.embedded ? 'the embedded control database' : 'DATABASE_URL', cause);
      if (!said) log.warn({ err: cause }, 'the control database does not answer yet; waiting for it');
      said = true;
      await delay(500, undefined, { signal });
    }
  }
}

/**
 * Not there yet, starting up, or on its way down to start again; a wrong password or name does not pass by waiting. A
 * container that is started again is no address for a moment (EHOSTUNREACH); a connection that ends in the middle, or is
 * not answered, has no code.
 */
function canPass(cause: unknown): boolean {
  const { code, message } = cause as { code?: string; message?: string };
  if (code === undefined) return /^(Connection terminated|timeout e)/.test(message ?? '');
  return /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|EAI_AGAIN|ENOTFOUND|57P0)/.test(code);
}

function startFailed(setting: string, cause: unknown): LabError {
  const { code, message } = cause as { code?: string; message?: string };
  return new LabError(
    'start_failed',
    `${setting}: the database cannot be used: ${message || code || String(cause)}. ` +
      'It must be a PostgreSQL 15 or newer that this user may create tables in.',
    { cause },
  );
}
