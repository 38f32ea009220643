/**
 * One read with the checker's role: a fresh connection, read-only, and its sure end. The grader's own copying closes a
 * database for a moment and ends its sessions; a read that meets that is tried again for as long as it has time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { SandboxHandle } from '../grading/types.ts';
import { answerOf } from './cluster.ts';
import type { OwnDatabase } from './database-place.ts';
import { limits } from './limits.ts';
import { LookFailure } from './look.ts';
import { notServed } from './reach.ts';
import { sqlFailure, wasInterrupted } from './sql-failure.ts';
import { openSession, probe, type SessionOptions, type SqlSession } from './sql-session.ts';

export interface Reading {
  readonly sandbox: SandboxHandle;
  readonly component: string;
  /** In the place of the component's own database: one in a namespace. Absent, null: none. */
  readonly own?: OwnDatabase | null;
  /** Milliseconds from now. */
  readonly budgetMs: number;
  readonly settings: Readonly<Record<string, string | number>>;
}

const pauseMs = 150;
/**
 * A session that is ended this often is not ended by us. A copy ends whoever comes in until it has its lock, which on a
 * busy machine takes longer than to come in again three times.
 */
const mostEnds = 6;
const firstEndPauseMs = 25;
/** Of connections that are refused or lost at once. */
const mostFailures = 4;

/**
 * What `work` gives. What a session could keep (settings, advisory locks) ends with it.
 * @throws LookFailure
 */
export async function readAsChecker<T>(
  reading: Reading,
  work: (session: SqlSession) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const until = performance.now() + reading.budgetMs;
  const left = () => Math.max(1, until - performance.now());
  for (let ends = 1; ; ends += 1) {
    const session = await connect(reading, left, signal);
    let idle = false;
    try {
      const seen = await Promise.race([work(session), session.lost]);
      idle = true;
      return seen;
    } catch (thrown) {
      signal.throwIfAborted();
      const endPauseMs = firstEndPauseMs * 2 ** (ends - 1);
      if ((wasEnded(thrown) || wasInterrupted(thrown)) && ends < mostEnds && left() > 2 * endPauseMs) {
        await sleep(endPauseMs, undefined, { signal });
        continue;
      }
      const failure = sqlFailure(thrown);
      idle = failure !== null && failure.problem !== 'oversized';
      throw failure ?? (await lostConnection(reading, thrown, signal));
    } finally {
      session.close(idle);
    }
  }
}

/** A connection. While the database is closed it is waited for; for any other trouble one more effort is the proof that it is us. */
async function connect(reading: Reading, left: () => number, signal: AbortSignal): Promise<SqlSession> {
  for (let failures = 1; ; ) {
    try {
      return await openSession(optionsOf(reading, left()), signal);
    } catch (thrown) {
      signal.throwIfAborted();
      const refusal = reading.own == null ? null : loginRefused(reading.own, thrown);
      if (refusal !== null) throw refusal;
      const pause = isClosed(thrown);
      if (!pause && failures++ >= mostFailures) throw await unreachable(reading, thrown, signal);
      if (pause && left() < 2 * pauseMs) throw await unreachable(reading, thrown, signal);
    }
    await sleep(pauseMs, undefined, { signal });
  }
}

function optionsOf({ sandbox, component, settings, own = null }: Reading, leftMs: number): SessionOptions {
  return {
    sandbox,
    component,
    own,
    as: 'checker',
    settings: {
      default_transaction_read_only: 'on',
      // A little before our own clock, so that the server says what it was.
      statement_timeout: Math.max(50, Math.floor(leftMs - 100)),
      ...settings,
    },
    wireBytes: limits.sqlWireBytes,
  };
}

/** Somebody ended the session: the server says so (`admin_shutdown`), or is gone before one hears it. */
export function wasEnded(thrown: unknown): boolean {
  if (thrown instanceof pg.DatabaseError) return thrown.code === '57P01';
  return sqlFailure(thrown) === null;
}

/** Not accepting connections, which only its owner can decide; starting up or shutting down. */
export function isClosed(thrown: unknown): boolean {
  if (!(thrown instanceof pg.DatabaseError)) return false;
  return thrown.code === '55000' || thrown.code === '57P03' || thrown.code === '57P01';
}

async function lostConnection(reading: Reading, thrown: unknown, signal: AbortSignal): Promise<LookFailure> {
  if (await probe(reading, signal)) {
    const reason = 'The database closed the connection while it was asked.';
    return new LookFailure('refused', reason, told(thrown));
  }
  return unreachable(reading, thrown, signal);
}

async function unreachable(
  { sandbox, component, own = null }: Reading,
  thrown: unknown,
  signal: AbortSignal,
): Promise<LookFailure> {
  if (own !== null) return notServed(sandbox, component, own.door.service, thrown, signal);
  const reason = `${component} could not be reached from our side.`;
  return new LookFailure('backend_down', reason, `no connection as checker: ${told(thrown)}`);
}

/** The trainee's own server answers, and lets us in no further: null for all else. */
function loginRefused({ user, database }: OwnDatabase, thrown: unknown): LookFailure | null {
  if (!(thrown instanceof pg.DatabaseError)) return answerOf(thrown);
  if (thrown.code?.startsWith('28')) {
    return new LookFailure('denied', `The database does not let ${user} in.`, told(thrown));
  }
  if (thrown.code !== '3D000') return null;
  return new LookFailure('missing', `There is no database ${database}.`, told(thrown));
}

function told(thrown: unknown): string {
  const code = thrown instanceof pg.DatabaseError ? `${thrown.code} ` : '';
  return `${code}${thrown instanceof Error ? thrown.message : String(thrown)}`;
}
