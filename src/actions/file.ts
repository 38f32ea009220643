/**
 * `file` as a step: writes one file in the trainee's component, from `text` or from a file of the template; changes
 * the one that is there by a `patch`; or deletes it.
 */
import { z } from 'zod';
import type { ActContext, ActionKind, ActionOutcome } from '../grading/types.ts';
import { limits } from '../observers/limits.ts';
import { readPatch } from '../observers/patch.ts';
import { componentName, number, object, relativePath, string, upTo } from '../observers/spec-parts.ts';
import { act, failed } from './act.ts';

const spec = z
  .strictObject({
    component: componentName,
    path: relativePath,
    from: relativePath.optional().describe("A file of the template's folder, taken byte for byte."),
    text: z.string().max(limits.largestFileBytes).optional(),
    patch: relativePath
      .optional()
      .describe("A unified diff in the template's folder, for the file as it is now."),
    delete: z.literal(true).optional(),
    timeout: upTo(limits.longestLookMs).default(limits.lookMs),
  })
  .refine(
    (asked) =>
      [asked.from, asked.text, asked.patch, asked.delete].filter((one) => one !== undefined).length === 1,
    'expected one of from, text, patch and delete',
  );

export type FileActionSpec = z.infer<typeof spec>;

export const fileAction: ActionKind<FileActionSpec> = {
  kind: 'file',
  spec,
  resultType: () => object({ path: string, bytes: number }),
  components: ({ component }) => [{ name: component, kinds: ['shell'] }],
  files: ({ from, patch }) => [from, patch].filter((path) => path !== undefined),
  run: (asked, context, signal) =>
    act(context, asked.timeout, signal, async (within) => {
      const path = context.fill.text(asked.path);
      if (asked.delete === true) return remove(asked.component, path, context, within);
      const content = await contentOf(asked, path, context, within);
      if (typeof content === 'string') return failed(content);
      await context.sandbox.writeFile(asked.component, path, content, within);
      return { ok: true, value: { path, bytes: content.byteLength } };
    }),
};

/** What the file becomes, or why it does not. */
async function contentOf(
  asked: FileActionSpec,
  path: string,
  context: ActContext,
  signal: AbortSignal,
): Promise<Uint8Array | string> {
  if (asked.patch !== undefined) return patched(asked.component, path, asked.patch, context, signal);
  if (asked.from === undefined) return new TextEncoder().encode(context.fill.text(asked.text ?? ''));
  return context.templateFile(asked.from) ?? `The template has no file ${asked.from}.`;
}

async function patched(
  component: string,
  path: string,
  name: string,
  { sandbox, templateFile }: ActContext,
  signal: AbortSignal,
): Promise<Uint8Array | string> {
  const diff = templateFile(name);
  if (diff === null) return `The template has no file ${name}.`;
  const [patch, ...more] = readPatch(new TextDecoder().decode(diff));
  if (patch === undefined || more.length > 0) return `${name} is not a patch of exactly one file.`;
  const query = { glob: path, maxFiles: 1, maxBytesEach: limits.largestFileBytes };
  const [file] = await sandbox.readFiles(component, query, signal);
  if (patch.from !== null && file === undefined) return `There is no file ${path} to patch.`;
  if (file?.content === null) return `${path} is too large to patch.`;
  const text = new TextDecoder().decode(file?.content ?? new Uint8Array());
  const applied = patch.apply(text);
  return applied === null ? `${name} does not fit ${path} as it is now.` : new TextEncoder().encode(applied);
}

async function remove(
  component: string,
  path: string,
  { sandbox }: ActContext,
  signal: AbortSignal,
): Promise<ActionOutcome> {
  const caps = { timeoutMs: limits.lookMs, maxBytes: 4_096 };
  // As the trainee would: what is already gone is a success, and a link is removed rather than followed.
  const run = await sandbox.exec(component, ['rm', '-rf', '--', path], caps, signal);
  if (run.exitCode === 0) return { ok: true, value: { path, bytes: 0 } };
  return failed(`${path} could not be deleted: ${run.stderr.trim().slice(-limits.quotedChars)}`);
}
