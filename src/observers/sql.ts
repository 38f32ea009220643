/**
 * `sql`: one query, read with the checker's own unprivileged role. The trainee's views and functions that the query
 * reaches run as the checker too, so there is nothing for them to gain; `views: false` refuses to go through any.
 */
import { z } from 'zod';
import type { ObserverKind, ValueType } from '../grading/types.ts';
import { databaseShape, namesDatabase, wholeDatabase } from './database-place.ts';
import { limits } from './limits.ts';
import { look } from './look.ts';
import { placed } from './service-place.ts';
import { componentName, dyn, json, list, map, number, object, string, upTo } from './spec-parts.ts';
import { seeRows } from './sql-look.ts';
import { planType } from './sql-plan.ts';

const spec = z
  .strictObject({
    component: componentName,
    ...databaseShape,
    query: z
      .string()
      .min(1)
      .max(100_000)
      .describe('One statement. Nothing is ever spliced into it: values go into `args`, as $1, $2 …'),
    args: z.array(json).max(100).default([]),
    views: z
      .boolean()
      .default(true)
      .describe(
        'False: the query may only read tables; a view or foreign table in the place of one is refused.',
      ),
    explain: z.boolean().default(false).describe('The plan instead of the rows; the query is not run …'),
    analyze: z
      .boolean()
      .default(false)
      .describe('… but with this, in the same read-only transaction as any other.'),
    timeout: upTo(limits.longestLookMs).default(limits.lookMs),
  })
  .refine(({ explain, analyze }) => explain || !analyze, 'analyze goes with explain')
  .refine(namesDatabase, wholeDatabase);

export type SqlSpec = z.infer<typeof spec>;

/** What every statement's result looks like, for looks and for actions. */
export const rowsType: ValueType = object({
  rows: list(map(dyn)),
  columns: list(string),
  rowCount: number,
  durationMs: number,
});

export const sqlObserver: ObserverKind<SqlSpec> = {
  kind: 'sql',
  spec,
  atReference: true,
  resultType: ({ explain }) => (explain ? object({ plan: planType, durationMs: number }) : rowsType),
  components: (asked) => [placed(asked, ['postgres'])],
  observe: (asked, context, signal) =>
    look(context, asked.timeout, signal, (within) => seeRows(asked, context, within)),
};
