/** `stub`: changes a partner's mood, or makes it forget the tokens that it gave. */
import { z } from 'zod';
import type { ActionKind } from '../grading/types.ts';
import { askControl, type ControlRequest } from '../observers/control.ts';
import { limits } from '../observers/limits.ts';
import { componentName, object, string, upTo } from '../observers/spec-parts.ts';
import { act, failed } from './act.ts';

const spec = z
  .strictObject({
    component: componentName,
    mood: z.string().min(1).optional(),
    seed: z
      .union([z.int().min(0), z.string().min(1)])
      .optional()
      .describe("Where the mood's chances are drawn from; 0 where it is not named."),
    expireTokens: z.literal(true).optional(),
    timeout: upTo(limits.longestLookMs).default(limits.lookMs),
  })
  .refine(
    ({ mood, expireTokens }) => mood !== undefined || expireTokens !== undefined,
    'expected mood, expireTokens or both',
  )
  .refine(({ mood, seed }) => mood !== undefined || seed === undefined, 'seed goes with mood');

export type StubActionSpec = z.infer<typeof spec>;

export const stubAction: ActionKind<StubActionSpec> = {
  kind: 'stub',
  spec,
  resultType: () => object({ mood: string }),
  components: ({ component }) => [{ name: component, kinds: ['stub'] }],
  run: (asked, context, signal) =>
    act(context, asked.timeout, signal, async (within) => {
      const { sandbox, fill } = context;
      const ask = (request: ControlRequest) => askControl(sandbox, asked.component, request, within);
      if (asked.expireTokens) await ask({ method: 'POST', path: '/expire-tokens' });
      if (asked.mood === undefined) return { ok: true, value: { mood: '' } };
      const mood = fill.text(asked.mood);
      const seed = asked.seed === undefined ? 0 : Number(fill.value(asked.seed));
      const { status, json } = await ask({ method: 'PUT', path: '/mood', json: { mood, seed } });
      if (status === 200) return { ok: true, value: { mood } };
      return failed(
        `${asked.component} refused the mood: ${JSON.stringify(json).slice(0, limits.quotedChars)}`,
      );
    }),
};
