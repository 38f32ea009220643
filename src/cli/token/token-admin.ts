/** What `labwright token …` works on: the server that runs, or without one the control database itself. */
import { randomBytes } from 'node:crypto';
import { readRunningServer, readTokens } from '../../compose/data-folder.ts';
import { type Config, loadClientConfig, loadConfig } from '../../config.ts';
import type { TokenRecord, TokenStore } from '../../lab/tokens.ts';
import type { Cli } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import type { Wire } from '../lab/wire.ts';
import { connect, type ServerOptions } from '../server-options.ts';
import { parseDuration } from './duration.ts';

export type TokenWire = Wire<TokenRecord>;

export interface NewTokenWish {
  readonly subject: string;
  readonly role: 'trainee' | 'instructor' | 'admin';
  readonly name?: string | undefined;
  readonly class?: string | undefined;
  readonly ttl?: string | undefined;
}

export interface TokenAdmin {
  /** `token` is shown here and never again. */
  create(wish: NewTokenWish): Promise<TokenWire & { readonly token: string }>;
  list(): Promise<readonly TokenWire[]>;
  /** Throws `not_found`. */
  revoke(id: string): Promise<TokenWire>;
}

/** Runs `work` on whatever keeps the tokens, and closes it. */
export async function withTokens<T>(
  cli: Cli,
  options: ServerOptions,
  work: (tokens: TokenAdmin) => Promise<T>,
): Promise<T> {
  const client = loadClientConfig(options);
  const local = readRunningServer(client.dataDir);
  if (client.url !== null || ((local?.url ?? null) !== null && !(await isReplica(options))))
    return work(overHttp(withAdminToken(options)));
  const { createLog } = await import('../../compose/log.ts');
  const { openTokens } = await import('../../compose/token-access.ts');
  const config: Config = loadConfig(options.dataDir === undefined ? {} : { dataDir: options.dataDir });
  const log = createLog({ ...config, logLevel: 'error' });
  const hold = cli.interrupts.hold();
  const opened = await openTokens(config, log, hold.stop);
  try {
    return await work(await inDatabase(opened.tokens));
  } finally {
    await opened.close();
    hold.release();
  }
}

/**
 * The server on this data folder is one of several, and none of them may have a token saved: the database that it was
 * given is the way. Not where a token was given, or one is saved here.
 */
async function isReplica(options: ServerOptions): Promise<boolean> {
  const { token, dataDir } = loadClientConfig(options);
  if (token !== null || options.as !== undefined || readTokens(dataDir) !== null) return false;
  const { isGiven } = await import('../../compose/control-access.ts');
  return isGiven(loadConfig());
}

/** The saved admin token, where the data folder's own server is meant and no other token was given. */
function withAdminToken(options: ServerOptions): ServerOptions {
  const { token, url, dataDir } = loadClientConfig(options);
  const local = readRunningServer(dataDir);
  if (token !== null || options.as !== undefined || (url !== null && url !== local?.url)) return options;
  const admin = readTokens(dataDir)?.admin;
  return admin === undefined ? options : { ...options, token: admin };
}

function overHttp(options: ServerOptions): TokenAdmin {
  const api = connect(options);
  return {
    create: (wish) => api.call('POST', '/tokens', { body: wish }),
    list: async () => (await api.call<{ items: readonly TokenWire[] }>('GET', '/tokens')).items,
    revoke: (id) => api.call('DELETE', `/tokens/${encodeURIComponent(id)}`),
  };
}

async function inDatabase(tokens: TokenStore): Promise<TokenAdmin> {
  const { mintToken } = await import('../../http/token.ts');
  const wire = (record: TokenRecord): TokenWire => JSON.parse(JSON.stringify(record)) as TokenWire;
  return {
    async create({ subject, role, name, class: group, ttl }) {
      const { id, plain, hash } = mintToken(randomBytes);
      const ttlSeconds = ttl === undefined ? null : parseDuration(ttl);
      const made = await tokens.create({
        ...{ id, role, subject, name: name ?? subject, hash, ttlSeconds },
        class: group ?? null,
      });
      return { ...wire(made), token: plain };
    },
    list: async () => (await tokens.list()).map(wire),
    async revoke(id) {
      await tokens.revoke(id);
      const found = (await tokens.list()).find((one) => one.id === id);
      if (found === undefined) throw new CliError('notFound', 'not_found', `There is no token "${id}".`);
      return wire(found);
    },
  };
}
