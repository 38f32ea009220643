/** `sql` as a step: what a trainee would type into psql, with the trainee's rights or with the grader's. */
import { z } from 'zod';
import type { ActionKind } from '../grading/types.ts';
import { limits } from '../observers/limits.ts';
import { componentName, json, upTo } from '../observers/spec-parts.ts';
import { rowsType } from '../observers/sql.ts';
import { actSql } from './act-sql.ts';

const spec = z.strictObject({
  component: componentName,
  /** `grader` may write everything: what faults and trials do, and no trainee could. */
  as: z.enum(['trainee', 'grader']).default('trainee'),
  /** One statement, or several when there are no `args`. */
  statement: z.string().min(1).max(1_000_000),
  args: z.array(json).max(100).default([]),
  /** False: not in a transaction block, as `create index concurrently` needs; then one statement a step. */
  transaction: z.boolean().default(true),
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
