/** The labs' server as its superuser. Failures of the server itself become `backend_unavailable`. */
import pg from 'pg';
import { LabError } from '../../lab/errors.ts';
import { clientFor, configFor, type Dial, type Target } from './target.ts';

export interface Admin {
  readonly host: string;
  readonly port: number;
  /** URL of a database on the same server, as the superuser or as somebody else. */
  url(database: string, as?: { readonly user: string; readonly password: string }): string;
  /** As `url`, with the way there. */
  target(database: string, as?: { readonly user: string; readonly password: string }): Target;
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** A connection of one's own to this database (default: `postgres`), closed afterwards. */
  connected<T>(database: string | null, work: (client: pg.Client) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export const quote = pg.escapeIdentifier;
export const literal = pg.escapeLiteral;

/** @param dial the way to the server where its host cannot be reached from here. */
export function createAdmin(adminUrl: string, dial: Dial | null = null): Admin {
  const base = new URL(adminUrl);
  const application_name = 'labwright';
  // Creating databases is limited to a few at once; the rest are short looks.
  const pool = new pg.Pool({
    ...configFor({ url: adminUrl, dial }),
    max: 8,
    application_name,
    allowExitOnIdle: true,
  });
  // An idle connection that the server closes is replaced by the next use.
  pool.on('error', () => {});
  const url: Admin['url'] = (database, as) => {
    const made = new URL(base);
    made.pathname = `/${encodeURIComponent(database)}`;
    if (as !== undefined) [made.username, made.password] = [as.user, as.password];
    return made.href;
  };
  const target: Admin['target'] = (database, as) => ({ url: url(database, as), dial });
  return {
    host: base.hostname,
    port: Number(base.port || 5432),
    url,
    target,
    async query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]) {
      try {
        // Without values the simple protocol is used: several statements go in one round trip and one transaction.
        return (await pool.query<Row>(text, values === undefined ? undefined : [...values])).rows;
      } catch (thrown) {
        throw asBackendError(thrown);
      }
    },
    async connected(database, work) {
      const client = clientFor(
        { url: database === null ? adminUrl : url(database), dial },
        { application_name },
      );
      try {
        await client.connect();
        return await work(client);
      } catch (thrown) {
        throw asBackendError(thrown);
      } finally {
        await client.end().catch(() => {});
      }
    },
    close: () => pool.end(),
  };
}

/** PostgreSQL's code of an error, such as `42P04`, or undefined. */
export function sqlState(thrown: unknown): string | undefined {
  const code = (thrown as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

const serverIsAway = /^(08|53|57P0)/;

function asBackendError(thrown: unknown): unknown {
  if (thrown instanceof LabError) return thrown;
  const state = sqlState(thrown);
  if (state !== undefined && !serverIsAway.test(state)) return thrown;
  if (thrown instanceof Error && ['AbortError', 'TimeoutError'].includes(thrown.name)) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new LabError('backend_unavailable', `The labs' PostgreSQL does not answer: ${message}`, {
    cause: thrown,
  });
}
