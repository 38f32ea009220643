/** `file` as a step: writes one file in the trainee's component, from `text` or from a file of the template. */
import { z } from 'zod';
import type { ActionKind } from '../grading/types.ts';
import { limits } from '../observers/limits.ts';
import { componentName, number, object, relativePath, string, upTo } from '../observers/spec-parts.ts';
import { act, failed } from './act.ts';

const spec = z
  .strictObject({
    component: componentName,
    path: relativePath,
    /** A file of the template's folder, taken byte for byte. */
    from: relativePath.optional(),
    text: z.string().max(limits.largestFileBytes).optional(),
    timeout: upTo(limits.longestLookMs).default(limits.lookMs),
  })
  .refine(({ from, text }) => (from === undefined) !== (text === undefined), 'expected either from or text');

export type FileActionSpec = z.infer<typeof spec>;

export const fileAction: ActionKind<FileActionSpec> = {
  kind: 'file',
  spec,
  resultType: () => object({ path: string, bytes: number }),
  components: ({ component }) => [{ name: component, kinds: ['shell'] }],
  run: (asked, context, signal) =>
    act(context, asked.timeout, signal, async (within) => {
      const content =
        asked.from === undefined
          ? new TextEncoder().encode(context.fill.text(asked.text ?? ''))
          : context.templateFile(asked.from);
      if (content === null) return failed(`The template has no file ${asked.from}.`);
      const path = context.fill.text(asked.path);
      await context.sandbox.writeFile(asked.component, path, content, within);
      return { ok: true, value: { path, bytes: content.byteLength } };
    }),
};
