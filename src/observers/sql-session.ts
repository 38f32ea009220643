/** One connection to a lab's database for one look or step, and its sure end. */
import type { Duplex } from 'node:stream';
import pg from 'pg';
import type { SandboxHandle } from '../grading/types.ts';
import type { Credentials } from '../lab/ports.ts';
import { CountedStream } from './counted-stream.ts';
import type { OwnDatabase } from './database-place.ts';
import { dialDoor } from './reach.ts';

export interface SessionOptions {
  readonly sandbox: SandboxHandle;
  readonly component: string;
  readonly as: 'checker' | 'trainee' | 'grader';
  /** In the place of the component's own database and of `as`: one in a namespace. */
  readonly own?: OwnDatabase | null;
  /** Server settings of this session. */
  readonly settings: Readonly<Record<string, string | number>>;
  /** What may arrive at most. */
  readonly wireBytes: number;
}

export interface SqlSession {
  readonly client: pg.Client;
  /** Name of the trainee's role. */
  readonly trainee: string;
  /**
   * Rejects when the connection is lost, with what the server said of it if it said anything. What is asked at that
   * moment may never be answered: neither `pg` nor its cursor notices every one.
   */
  readonly lost: Promise<never>;
  /** Ends at once; a backend that may still be working is terminated from outside. Never throws. */
  close(idle: boolean): void;
}

/** The connection was closed and the server has not said why. */
class ConnectionLost extends Error {
  constructor() {
    super('the connection was closed');
    this.name = 'ConnectionLost';
  }
}

const terminateMs = 3_000;

/** Values arrive as the server wrote them: `sql-values.ts` turns them into ours. */
const rawTypes = { getTypeParser: () => (raw: string) => raw };

/** Every session speaks the same dialect, whatever the trainee set for their role. */
const dialect = {
  datestyle: 'ISO',
  timezone: 'UTC',
  intervalstyle: 'iso_8601',
  bytea_output: 'hex',
  extra_float_digits: 1,
  client_min_messages: 'error',
  // A backend whose client is gone ends itself, even in a loop; a function can switch that off, hence `terminate`.
  client_connection_check_interval: '500ms',
};

/** Connects. @throws what `dial` throws, a `pg.DatabaseError`, or a socket error. */
export async function openSession(options: SessionOptions, signal: AbortSignal): Promise<SqlSession> {
  const { sandbox, component, own = null } = options;
  const login = loginOf(options);
  const door = { component, at: own?.door ?? null };
  const stream = new CountedStream(await dialDoor(sandbox, door, signal), options.wireBytes);
  const client = clientOver(stream, login, { ...dialect, ...options.settings });
  const abort = () => stream.destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
  signal.addEventListener('abort', abort, { once: true });
  const lost = Promise.withResolvers<never>();
  // Nobody may be waiting for it.
  lost.promise.catch(() => {});
  client.on('error', lost.reject);
  stream.once('close', () => lost.reject(new ConnectionLost()));
  try {
    await Promise.race([client.connect(), lost.promise]);
  } catch (thrown) {
    signal.removeEventListener('abort', abort);
    stream.destroy();
    throw thrown;
  }
  return {
    client,
    trainee: login.trainee,
    lost: lost.promise,
    close(idle) {
      signal.removeEventListener('abort', abort);
      if (idle && !stream.destroyed) client.end().catch(() => {});
      else {
        stream.destroy();
        terminate(options, client).catch(() => {});
      }
    },
  };
}

/**
 * A look without rights: connects as the checker and selects 1. True means that the database serves, so that whatever
 * failed before was not on our side.
 */
export async function probe(
  { sandbox, component, own }: Pick<SessionOptions, 'sandbox' | 'component' | 'own'>,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const asChecker = { as: 'checker', settings: {}, wireBytes: 65_536 } as const;
    const options = { sandbox, component, own: own ?? null, ...asChecker };
    const session = await openSession(options, signal);
    try {
      await session.client.query('select 1');
      return true;
    } finally {
      session.close(true);
    }
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/**
 * Ends the backend of a client that was given up. `statement_timeout` and cancelling do not: a function with
 * `exception when query_canceled` swallows both, but not the end of its session. A role may end its own sessions.
 */
async function terminate(options: SessionOptions, client: pg.Client): Promise<void> {
  const { processID } = client as pg.Client & { readonly processID: number | null };
  if (processID === null) return;
  const signal = AbortSignal.timeout(terminateMs);
  const session = await openSession({ ...options, settings: {}, wireBytes: 65_536 }, signal);
  try {
    await session.client.query('select pg_catalog.pg_terminate_backend($1)', [processID]);
  } finally {
    session.close(true);
  }
}

function clientOver(
  stream: Duplex,
  { host, port, database, user, password }: Login,
  settings: Readonly<Record<string, string | number>>,
): pg.Client {
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${escaped(String(value))}`);
  const client = new pg.Client({
    stream: () => stream,
    // All named, so that nothing is taken from the environment; `stream` decides where it really goes.
    host,
    port,
    database,
    user,
    password,
    ssl: false,
    application_name: 'labwright',
    options: options.join(' '),
    types: rawTypes as pg.CustomTypesConfig,
  } as pg.ClientConfig);
  return client;
}

function escaped(value: string): string {
  return value.replaceAll(/[\\\s]/g, (character) => `\\${character}`);
}

interface Login extends Credentials {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** Name of the trainee's role. */
  readonly trainee: string;
}

function loginOf({ sandbox, component, as, own = null }: SessionOptions): Login {
  if (own !== null) {
    const { door, database, user, password } = own;
    return { host: door.service, port: door.port ?? 5432, database, user, password, trainee: user };
  }
  const access = sandbox.access(component);
  if (access.kind !== 'postgres') throw new TypeError(`sql on a component of kind ${access.kind}`);
  const { host, port, database, trainee } = access;
  return { host, port, database, ...access[as], trainee: trainee.user };
}
