/** Running a statement with the trainee's or the grader's role, on a connection of its own. */
import pg from 'pg';
import type { ActContext, ActionOutcome } from '../grading/types.ts';
import { limits } from '../observers/limits.ts';
import { rowsValue } from '../observers/sql-look.ts';
import { openSession } from '../observers/sql-session.ts';
import { writeValue } from '../observers/sql-values.ts';
import { act, failed } from './act.ts';
import type { SqlActionSpec } from './sql.ts';

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
    const session = await openSession(options, within);
    let idle = false;
    try {
      const start = performance.now();
      const result = await run(session.client, asked, args);
      idle = true;
      const rowCount = result.rowCount ?? 0;
      const durationMs = Math.round(performance.now() - start);
      return { ok: true, value: { ...rowsValue(result.fields, result.rows), rowCount, durationMs } };
    } catch (thrown) {
      if (!(thrown instanceof pg.DatabaseError)) throw thrown;
      idle = true;
      return failed(`${thrown.code}: ${thrown.message}`);
    } finally {
      session.close(idle);
    }
  });
}

async function run(client: pg.Client, asked: SqlActionSpec, args: unknown[]): Promise<RawResult> {
  if (asked.transaction) await client.query('begin');
  const query = { text: asked.statement, rowMode: 'array' as const };
  // Without arguments the simple protocol is used, which takes several statements and gives a list of results.
  const answer: RawResult | RawResult[] = await client.query(
    args.length > 0 ? { ...query, values: args } : query,
  );
  const last = Array.isArray(answer) ? answer.at(-1) : answer;
  if (last === undefined) throw new TypeError('the statement had no result');
  if (asked.transaction) await client.query('commit');
  return last;
}
