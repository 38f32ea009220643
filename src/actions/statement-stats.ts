/**
 * `statementStats`: forgets the statement statistics of one component's database. `pg_stat_statements_reset()` by
 * itself forgets those of the whole server, which other labs are on.
 */
import { z } from 'zod';
import type { ActionKind } from '../grading/types.ts';
import { limits } from '../observers/limits.ts';
import { componentName, object, upTo } from '../observers/spec-parts.ts';
import { act } from './act.ts';

const spec = z.strictObject({
  component: componentName,
  reset: z.literal(true, 'expected true: there is nothing else to do with statistics'),
  timeout: upTo(limits.longestLookMs).default(limits.lookMs),
});

export type StatementStatsSpec = z.infer<typeof spec>;

export const statementStatsAction: ActionKind<StatementStatsSpec> = {
  kind: 'statementStats',
  spec,
  resultType: () => object({}),
  components: ({ component }) => [{ name: component, kinds: ['postgres'] }],
  run: (asked, context, signal) =>
    act(context, asked.timeout, signal, async (within) => {
      await context.sandbox.resetStatistics(asked.component, within);
      return { ok: true, value: {} };
    }),
};
