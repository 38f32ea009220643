/**
 * `mutants`: whether the trainee's tests notice what is broken. They are run against the template's own reference and
 * against broken versions of it, each in a fresh copy; our tests never run beside the trainee's code.
 */
import { z } from 'zod';
import type { ObserverKind, ValueType } from '../grading/types.ts';
import { limits } from './limits.ts';
import { look } from './look.ts';
import { runMutants } from './mutants-run.ts';
import { bool, componentName, list, number, object, relativePath, string, upTo } from './spec-parts.ts';

const spec = z.strictObject({
  component: componentName,
  run: z
    .array(z.string().min(1).max(1_000))
    .min(1)
    .max(50)
    .describe("What runs the tests, in the component's folder: whole words."),
  limit: upTo(limits.longestLookMs).default(limits.execMs).describe('Of one run.'),
  on: z
    .array(relativePath)
    .min(1)
    .max(20)
    .describe("Unified diffs over the reference. What stands before the first `---` is the mutant's title."),
  reference: relativePath
    .refine((path) => path.endsWith('/'), 'expected a folder, with a trailing slash')
    .describe('Folder of the template with a right solution, with a trailing slash.'),
  tests: z
    .array(relativePath)
    .min(1)
    .max(20)
    .default(['test/**', 'tests/**', '**/*.test.*'])
    .describe("Which files are the tests: the trainee's stay, the reference's are left out."),
});

export type MutantsSpec = z.infer<typeof spec>;

const words = list(string);

/** Ids are the patches' names without `.patch`. When the reference fails, nothing is killed. */
const mutantsType: ValueType = object({
  reference: object({ exitCode: number, output: string, timedOut: bool }),
  killed: words,
  survived: words,
  survivedTitles: string,
  /** Of the killed ones: those over which the tests did not end. */
  timedOut: words,
});

/** Making a copy, and ending it. */
const copyMs = 10_000;

export const mutantsObserver: ObserverKind<MutantsSpec> = {
  kind: 'mutants',
  spec,
  resultType: () => mutantsType,
  components: ({ component }) => [{ name: component, kinds: ['service', 'sample-api'] }],
  files: ({ on, reference }) => [...on, reference],
  observe: (asked, context, signal) =>
    look(context, (asked.on.length + 2) * (asked.limit + copyMs), signal, (within) =>
      runMutants(asked, context, within),
    ),
};
