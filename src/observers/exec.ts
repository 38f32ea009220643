/**
 * `exec`: a program in the trainee's component. Everything there is theirs, the program and its libraries included:
 * the result is the trainee's word, good for "does your script run", never for "is the table right".
 */
import { z } from 'zod';
import type { ObserverKind, ValueType } from '../grading/types.ts';
import { seeRun } from './exec-look.ts';
import { limits } from './limits.ts';
import { look } from './look.ts';
import { housed, pod } from './pod-place.ts';
import { bool, componentName, number, object, relativePath, string, upTo } from './spec-parts.ts';

const spec = z
  .strictObject({
    component: componentName,
    pod,
    argv: z.array(z.string().max(10_000)).min(1).max(100).describe('Whole words; no shell is put between.'),
    cwd: relativePath.optional().describe("Folder below the component's root that it runs in."),
    timeout: upTo(limits.longestLookMs).default(limits.execMs),
  })
  .refine(
    ({ pod: inside, cwd }) => inside === undefined || cwd === undefined,
    '"cwd" is a folder of a shell',
  );

export type ExecSpec = z.infer<typeof spec>;

/** `exitCode` is 128 when a signal ended the program. */
export const runType: ValueType = object({
  exitCode: number,
  stdout: string,
  stderr: string,
  durationMs: number,
  timedOut: bool,
});

export const execObserver: ObserverKind<ExecSpec> = {
  kind: 'exec',
  spec,
  resultType: () => runType,
  components: (asked) => [housed(asked, ['shell'])],
  observe: (asked, context, signal) =>
    // The program's own end comes first: `timedOut` is a value that a check can read.
    look(context, asked.timeout + limits.graceMs, signal, (within) => seeRun(asked, context, within)),
};
