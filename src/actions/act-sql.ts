/** Running a statement with the trainee's or the grader's role, on a connection of its own. */
import pg from 'pg';
import type { ActContext, ActionOutcome } from '../grading/types.ts';
import { limits } from '../observers/limits.ts';
import { rowsValue } from '../observers/sql-look.ts';
import { openSession, type SessionOptions } from '../observers/sql-session.ts';
import { writeValue } from '../observers/sql-values.ts';
import { act, failed } from './act.ts';
import type { SqlActionSpec } from './sql.ts';

const adminShutdown = '57P01';
const mostEfforts = 5;

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
    for (let efforts = 1; ; efforts += 1) {
      const done = await once(asked, args, options, within);
      if (done !== 'undone') return done;
      if (efforts === mostEfforts) return failed('57P01: the session was ended, several times in a row');
    }
  });
}

/**
 * `undone`: the session was ended before its transaction was, so nothing of it has happened. A copy of the database,
 * for a trial or a checkpoint, does that to whoever is at work in it.
 */
async function once(
  asked: SqlActionSpec,
  args: unknown[],
  options: SessionOptions,
  signal: AbortSignal,
): Promise<ActionOutcome | 'undone'> {
  // What commits by itself in the midst of its text is not begun anew.
  const progress = { committing: !asked.transaction || /\bcommit\b/i.test(asked.statement) };
  let session: Awaited<ReturnType<typeof openSession>> | null = null;
  let idle = false;
  try {
    session = await openSession(options, signal);
    const start = performance.now();
    const result = await run(session.client, asked, args, progress);
    idle = true;
    const rowCount = result.rowCount ?? 0;
    const durationMs = Math.round(performance.now() - start);
    return { ok: true, value: { ...rowsValue(result.fields, result.rows), rowCount, durationMs } };
  } catch (thrown) {
    if (!(thrown instanceof pg.DatabaseError)) throw thrown;
    if (thrown.code === adminShutdown && (session === null || !progress.committing)) return 'undone';
    idle = true;
    return failed(`${thrown.code}: ${thrown.message}`);
  } finally {
    session?.close(idle);
  }
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
