/** `press: "Start the drill"`: presses a button as the trainee. */
import { z } from 'zod';
import type { ActionKind } from '../grading/types.ts';
import { limits } from '../observers/limits.ts';
import { object, string } from '../observers/spec-parts.ts';
import { act, failed } from './act.ts';

const button = z.string().min(1).max(200);

const spec = z.union([button.transform((word) => ({ button: word })), z.strictObject({ button })]);

export type PressSpec = z.infer<typeof spec>;

export const pressAction: ActionKind<PressSpec> = {
  kind: 'press',
  spec,
  resultType: () => object({ button: string }),
  components: () => [],
  run: (asked, context, signal) =>
    act(context, limits.lookMs, signal, async () => {
      if (context.press === null) return failed('Nobody can press a button here.');
      await context.press(asked.button);
      return { ok: true, value: { button: asked.button } };
    }),
};
