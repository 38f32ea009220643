/**
 * How the store talks to PostgreSQL: prepared statements, bounded retries for what may pass by itself, and one error,
 * `database_unavailable`, for what does not.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { LabError } from '../lab/errors.ts';
import { failureOf } from './failure.ts';

interface Statement {
  /** Prepared once a connection under this name; its text must never change under it. */
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

export type Query = <Row extends pg.QueryResultRow>(statement: Statement) => Promise<Row[]>;

export interface Database {
  /** One statement that may be sent again when nobody knows whether the first was committed. */
  query: Query;
  /** One statement that must not be sent twice: a connection lost on the way is an error. */
  once: Query;
  /** All of `work` or nothing; run again after a deadlock, so `work` must not act on anything else. */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>;
}

const conflictPausesMs = [5, 10, 20, 40, 80, 160];
const connectionPausesMs = [50, 150, 400];
/** A server that does not even refuse would cost a connection timeout each try. */
const patienceMs = 2_500;

/** Over a pool that the caller ends. Throws `database_unavailable` when the server stays away: after 1 s when it
 * refuses, 3 s when it is silent. */
export function createDatabase(pool: pg.Pool): Database {
  async function run<T>(repeatable: boolean, work: (query: Query) => Promise<T>): Promise<T> {
    let conflicts = 0;
    let losses = 0;
    const patientUntil = performance.now() + patienceMs;
    for (;;) {
      let client: pg.PoolClient | null = null;
      try {
        client = await pool.connect();
        const result = await work(queryOn(client));
        client.release();
        return result;
      } catch (thrown) {
        const failure = failureOf(thrown);
        client?.release(failure === 'lost' || failure === 'refused');
        if (thrown instanceof LabError || failure === 'other') throw thrown;
        const retriable = failure !== 'refused' && (repeatable || client === null || failure === 'conflict');
        const pause = failure === 'conflict' ? conflictPausesMs[conflicts++] : connectionPausesMs[losses++];
        const late = performance.now() > patientUntil;
        if (!retriable || late || pause === undefined) throw unavailable(thrown);
        await delay(pause);
      }
    }
  }
  return {
    query: (statement) => run(true, (query) => query(statement)),
    once: (statement) => run(false, (query) => query(statement)),
    transaction: (work) => run(true, (query) => inTransaction(query, work)),
  };
}

function queryOn(client: pg.PoolClient): Query {
  return async <Row extends pg.QueryResultRow>({ name, text, values }: Statement) => {
    const prepared = name === undefined ? {} : { name };
    const result = await client.query<Row>({
      ...prepared,
      text,
      values: values === undefined ? [] : [...values],
    });
    return result.rows;
  };
}

async function inTransaction<T>(query: Query, work: (query: Query) => Promise<T>): Promise<T> {
  await query({ text: 'begin' });
  try {
    const result = await work(query);
    await query({ text: 'commit' });
    return result;
  } catch (thrown) {
    if (failureOf(thrown) !== 'lost') await query({ text: 'rollback' });
    throw thrown;
  }
}

function unavailable(cause: unknown): LabError {
  return new LabError('database_unavailable', 'The database does not answer: try again in a moment.', {
    cause,
    retryAfterSeconds: 2,
  });
}
