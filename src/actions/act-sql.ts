/** Running a statement with the trainee's or the grader's role, on a connection of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { ActContext, ActionOutcome } from '../grading/types.ts';
import { limits } from '../observers/limits.ts';
import { rowsValue } from '../observers/sql-look.ts';
import { isClosed, wasEnded } from '../observers/sql-reading.ts';
import { openSession, type SessionOptions, type SqlSession } from '../observers/sql-session.ts';
import { writeValue } from '../observers/sql-values.ts';
import { act, failed } from './act.ts';
import type { SqlActionSpec } from './sql.ts';

/** Together a second and a half: a copy of 100 MB takes 0.2 s, and on a busy machine some time to begin. */
const firstPauseMs = 25;
const longestPauseMs = 800;

type RawResult = pg.QueryArrayResult<(string | null)[]>;

/** The last statement's rows. A refusal of the database is a failed step with the server's own words. */
export function actSql(
  asked: SqlActionSpec,
  context: ActContext,
  signal: AbortSignal,
): Promise<ActionOutcome> {
  return act(context, asked.timeout, signal, async (within) => {
    const args = asked.args.map((arg) => writeValue(context.fill.value(arg)));
    const { component, as } = asked;
    const options = { sandbox: context.sandbox, component, as, settings: {}, wireBytes: limits.sqlWireBytes };
    for (let pauseMs = firstPauseMs; ; pauseMs *= 2) {
      const done = await once(asked, args, options, within);
      if (typeof done !== 'string') return done;
      if (pauseMs > longestPauseMs) return failed(`${done}, several times in a row`);
      await sleep(pauseMs, undefined, { signal: within });
    }
  });
}

/**
 * A text: the session was ended before its transaction was, so nothing of it has happened. A copy of the database, for a
 * trial or a checkpoint, does that to whoever is at work in it or comes in.
 */
async function once(
  asked: SqlActionSpec,
  args: unknown[],
  options: SessionOptions,
  signal: AbortSignal,
): Promise<ActionOutcome | string> {
  // What commits by itself in the midst of its text is not begun anew.
  const progress = { committing: !asked.transaction || /\bcommit\b/i.test(asked.statement) };
  let session: SqlSession | null = null;
  let idle = false;
  try {
    session = await openSession(options, signal);
    const start = performance.now();
    const result = await Promise.race([run(session.client, asked, args, progress), session.lost]);
    idle = true;
    const rowCount = result.rowCount ?? 0;
    const durationMs = Math.round(performance.now() - start);
    return { ok: true, value: { ...rowsValue(result.fields, result.rows), rowCount, durationMs } };
  } catch (thrown) {
    signal.throwIfAborted();
    const begun = session !== null && progress.committing;
    if (!begun && (wasEnded(thrown) || isClosed(thrown))) return told(thrown);
    if (!(thrown instanceof pg.DatabaseError)) throw thrown;
    idle = true;
    return failed(told(thrown));
  } finally {
    session?.close(idle);
  }
}

function told(thrown: unknown): string {
  if (thrown instanceof pg.DatabaseError) return `${thrown.code}: ${thrown.message}`;
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** @param progress whether the transaction may have happened, also when this throws. */
async function run(
  client: pg.Client,
  asked: SqlActionSpec,
  args: unknown[],
  progress: { committing: boolean },
): Promise<RawResult> {
  if (asked.transaction) await client.query('begin');
  const query = { text: asked.statement, rowMode: 'array' as const };
  // Without arguments the simple protocol is used, which takes several statements and gives a list of results.
  const answer: RawResult | RawResult[] = await client.query(
    args.length > 0 ? { ...query, values: args } : query,
  );
  const last = Array.isArray(answer) ? answer.at(-1) : answer;
  if (last === undefined) throw new TypeError('the statement had no result');
  progress.committing = true;
  if (asked.transaction) await client.query('commit');
  return last;
}
