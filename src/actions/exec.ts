/** `exec` as a step: a program that the trainee would start in their workspace. */
import { z } from 'zod';
import type { ActionKind } from '../grading/types.ts';
import { runType } from '../observers/exec.ts';
import { seeRun } from '../observers/exec-look.ts';
import { limits } from '../observers/limits.ts';
import { housed, pod } from '../observers/pod-place.ts';
import { componentName, relativePath, upTo } from '../observers/spec-parts.ts';
import { act } from './act.ts';

const spec = z
  .strictObject({
    component: componentName,
    pod,
    argv: z.array(z.string().max(10_000)).min(1).max(100),
    cwd: relativePath.optional().describe("Folder below the component's root that it runs in."),
    expect: z
      .union([z.literal('any'), z.array(z.int().min(0).max(255)).min(1)])
      .optional()
      .describe('Exit codes that are a success; without it only 0.'),
    timeout: upTo(limits.longestStepMs).default(limits.execMs),
  })
  .refine(
    ({ pod: inside, cwd }) => inside === undefined || cwd === undefined,
    '"cwd" is a folder of a shell',
  );

export type ExecActionSpec = z.infer<typeof spec>;

export const execAction: ActionKind<ExecActionSpec> = {
  kind: 'exec',
  spec,
  resultType: () => runType,
  components: (asked) => [housed(asked, ['shell'])],
  run: (asked, context, signal) =>
    act(context, asked.timeout + limits.graceMs, signal, async (within) => {
      const run = await seeRun(asked, context, within);
      const expected = asked.expect ?? [0];
      if (run.timedOut)
        return { ok: false, reason: `The program was still running after ${asked.timeout} ms.`, value: run };
      if (expected === 'any' || expected.includes(run.exitCode)) return { ok: true, value: run };
      const said = run.stderr.trim().slice(-limits.quotedChars);
      return { ok: false, reason: `The program ended with ${run.exitCode}: ${said}`, value: run };
    }),
};
