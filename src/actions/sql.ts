/** `sql` as a step: what a trainee would type into psql, with the trainee's rights or with the grader's. */
import { z } from 'zod';
import type { ActionKind } from '../grading/types.ts';
import { limits } from '../observers/limits.ts';
import { componentName, json, upTo } from '../observers/spec-parts.ts';
import { rowsType } from '../observers/sql.ts';
import { actSql } from './act-sql.ts';

const spec = z.strictObject({
  component: componentName,
  as: z
    .enum(['trainee', 'grader'])
    .default('trainee')
    .describe('`grader` may write everything: what faults and trials do, and no trainee could.'),
  statement: z.string().min(1).max(1_000_000).describe('One statement, or several when there are no `args`.'),
  args: z.array(json).max(100).default([]),
  transaction: z
    .boolean()
    .default(true)
    .describe(
      'False: not in a transaction block, as `create index concurrently` needs; then one statement a step.',
    ),
  timeout: upTo(limits.longestLookMs).default(limits.execMs),
});

export type SqlActionSpec = z.infer<typeof spec>;

export const sqlAction: ActionKind<SqlActionSpec> = {
  kind: 'sql',
  spec,
  // The last statement's rows.
  resultType: () => rowsType,
  components: ({ component }) => [{ name: component, kinds: ['postgres'] }],
  run: (asked, context, signal) => actSql(asked, context, signal),
};
