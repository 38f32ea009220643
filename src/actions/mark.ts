/** `mark: { check: report, timeline: full }`: an instructor's mark, criterion by criterion. */
import { z } from 'zod';
import type { ActionKind, MarkLevel } from '../grading/types.ts';
import { limits } from '../observers/limits.ts';
import { object, string } from '../observers/spec-parts.ts';
import { act, failed } from './act.ts';

const level = z.enum(['full', 'half', 'none']);

const spec = z
  .object({ check: z.string().min(1), as: z.literal('instructor').default('instructor') })
  /** Every other key is a criterion of the check's rubric. */
  .catchall(level);

export type MarkSpec = z.infer<typeof spec>;

export const markAction: ActionKind<MarkSpec> = {
  kind: 'mark',
  spec,
  resultType: () => object({ check: string }),
  components: () => [],
  run: ({ check, as: _, ...marks }, context, signal) =>
    act(context, limits.lookMs, signal, async () => {
      if (context.mark === null) return failed('Nobody can mark here.');
      await context.mark(check, marks as Readonly<Record<string, MarkLevel>>);
      return { ok: true, value: { check } };
    }),
};
