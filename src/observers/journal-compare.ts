/** What a load was acknowledged, held against what a table holds now: counted in the database, in one statement. */
import pg from 'pg';
import type { LookContext, Value } from '../grading/types.ts';
import { askControl } from './control.ts';
import { databaseOf } from './database-place.ts';
import type { CompareSpec } from './journal.ts';
import { momentOf } from './journal-window.ts';
import { LookFailure } from './look.ts';
import { readRows, tablesOnly } from './sql-look.ts';
import { readAsChecker } from './sql-reading.ts';
import { refuseShadows } from './sql-shadows.ts';

/** One request: when it was sent, its key, whether it was acknowledged, and what it sent for the columns. */
interface Sent {
  readonly at: string;
  readonly key: string;
  readonly acknowledged: boolean;
  readonly sent: Readonly<Record<string, unknown>>;
}

/**
 * Of the requests in the window: `acknowledged`, of these `matched` (in the table) and `missing`; `holes` are the
 * missing ones that are older than the newest matched, `different` the matched ones with other columns. `unknown` are
 * rows whose key was never sent, in the window, out of it or by now.
 * @throws LookFailure
 */
export async function compare(
  component: string,
  asked: CompareSpec,
  { since, timeout }: { readonly since: Date | null; readonly timeout: number },
  context: LookContext,
  signal: AbortSignal,
): Promise<{ readonly [key: string]: Value }> {
  const until = momentOf(asked.until, context);
  const all = await allSent(component, asked, context, signal);
  const reading = {
    own: databaseOf(asked, context.fill),
    sandbox: context.sandbox,
    component: asked.component,
    budgetMs: Math.min(timeout, context.deadlineMs),
    settings: { search_path: 'pg_catalog,public', ...tablesOnly },
  };
  const args = [JSON.stringify(all), since?.toISOString() ?? null, until?.toISOString() ?? null];
  const { rows } = await readAsChecker(
    reading,
    async ({ client, trainee }) => {
      await refuseShadows(client, trainee, true);
      return readRows(client, statement(asked), args);
    },
    signal,
  );
  const { strangers, ...counts } = rows[0] ?? {};
  if (!Array.isArray(strangers) || strangers.length === 0) return counts;
  // A load goes on meanwhile: what was sent while the table was read is in the journal by now, if not before.
  const keys = new Set((await allSent(component, asked, context, signal)).map(({ key: sent }) => sent));
  const late = strangers.filter((key) => typeof key === 'string' && keys.has(key)).length;
  return { ...counts, unknown: Number(counts.unknown) - late };
}

async function allSent(
  component: string,
  { key, columns }: CompareSpec,
  { sandbox }: LookContext,
  signal: AbortSignal,
): Promise<readonly Sent[]> {
  const all: Sent[] = [];
  for (let after = 0; ; ) {
    const query = new URLSearchParams({ key, columns: columns.join(','), after: String(after) });
    const request = { method: 'GET', path: `/sent?${query}` } as const;
    const { status, json } = await askControl(sandbox, component, request, signal);
    if (status !== 200) throw new LookFailure('bug', 'The journal was asked wrongly.', JSON.stringify(json));
    const page = json as unknown as { readonly sent: readonly Sent[]; readonly next: number | null };
    all.push(...page.sent);
    if (page.next === null) return all;
    after = page.next;
  }
}

/** Text against text and JSON against JSON only: operators of pg_catalog, whatever the columns' types are. */
function statement({ table, key, columns }: CompareSpec): string {
  const name = table.split('.').map(pg.escapeIdentifier).join('.');
  const fields = columns.map(
    (column) => `${pg.escapeLiteral(column)}::text, t.${pg.escapeIdentifier(column)}`,
  );
  return `
    with every as (
      select s.key, s.at, s.acknowledged, s.sent
      from jsonb_to_recordset($1::jsonb) as s(key text, at timestamptz, acknowledged boolean, sent jsonb)),
    stored as (
      select t.${pg.escapeIdentifier(key)}::text as key, jsonb_build_object(${fields.join(', ')}) as held
      from ${name} t),
    strange as (
      select key from stored where not exists (select from every where every.key = stored.key)),
    asked as (
      select distinct on (e.key) e.key, e.at, e.sent, stored.key is not null as matched, stored.held
      from every e left join stored on stored.key = e.key
      where e.acknowledged and ($2::timestamptz is null or e.at >= $2::timestamptz)
        and ($3::timestamptz is null or e.at < $3::timestamptz)
      order by e.key, e.at),
    newest as (select max(asked.at) as at from asked where asked.matched)
    select
      count(asked.key)::float8 as acknowledged,
      count(*) filter (where asked.matched)::float8 as matched,
      count(*) filter (where not asked.matched)::float8 as missing,
      count(*) filter (where not asked.matched and asked.at < newest.at)::float8 as holes,
      (select count(*)::float8 from strange) as unknown,
      (select jsonb_agg(s.key) from (select key from strange where length(key) <= 100 limit 500) s) as strangers,
      count(*) filter (where asked.matched and exists (
        select from jsonb_each(asked.sent) s
        where (asked.held -> s.key) is distinct from s.value
          and (asked.held ->> s.key) is distinct from (asked.sent ->> s.key)))::float8 as different,
      max(newest.at) as "newestMatchedAt"
    from newest left join asked on true`;
}
