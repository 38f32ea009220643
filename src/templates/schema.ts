/** The whole of `lab.yaml`. Editors' JSON Schema is generated from it; `validate.ts` checks what lies across it. */
import { z } from 'zod';
import { check, question, task } from './schema-checks.ts';
import { components } from './schema-components.ts';
import { keep } from './schema-keep.ts';
import { type Actions, looks, type Observers, step } from './schema-looks.ts';
import { parameters } from './schema-parameters.ts';
import { folderPath, kebab, later, line, prose, secondsBetween } from './schema-parts.ts';
import { solutions, test, wrong } from './schema-proof.ts';
import { fault, trial, watch } from './schema-trials.ts';

export interface Registries {
  readonly observers: Observers;
  readonly actions: Actions;
  /** Variants of the sample API that a template may name. */
  readonly variants: readonly string[];
  /** Readers of the files that `stub` and `traffic` name; without one such files are only looked for. */
  readonly readStub?: ReadFile;
  readonly readTraffic?: ReadFile;
  /** Without it the variables of overlays are not checked. */
  readonly overlayVariables?: VariablesIn;
}

/** The parameters that an overlay's SQL names, with the offset of each. */
export type VariablesIn = (sql: string) => readonly { readonly name: string; readonly offset: number }[];

/** What is in a file, or all that is wrong with it; lines count from 1. */
export type ReadFile = (
  text: string,
) =>
  | { readonly spec: object }
  | { readonly problems: readonly { readonly message: string; readonly line?: number }[] };

const day = 86_400;

/** The template as an author writes it, parsed: durations are seconds, defaults are filled in. */
export function templateSchema({ observers, actions, variants }: Registries) {
  const oneStep = step(actions);
  return z.strictObject({
    labwright: z.literal(1).describe('Version of the template language.'),
    id: kebab,
    title: line,
    summary: prose,
    source: z.strictObject({ program: kebab, module: line }).optional(),
    level: z.enum(['foundation', 'intermediate', 'advanced']),
    competencies: z
      .array(z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/, 'expected words such as "api.rest"'))
      .default([]),
    minutes: z.int().min(1).max(1440).describe('How long a trainee is expected to need.'),
    lifetime: z
      .strictObject({
        ttl: secondsBetween(60, 7 * day),
        max: secondsBetween(60, 30 * day),
        warn: z.array(secondsBetween(1, 7 * day)).default([]),
      })
      .default({ ttl: 7200, max: 21_600, warn: [900, 300] }),
    idle: z
      .strictObject({
        pauseAfter: z
          .union([z.literal('never'), secondsBetween(60, 7 * day)])
          .describe('A lab that nobody uses for so long is paused; using it resumes it.'),
      })
      .optional()
      .describe('When a lab that nobody uses is paused. Default: as the installation is set.'),
    keep: z
      .array(keep)
      .min(1)
      .max(30)
      .optional()
      .describe('What is written down of a lab when it ends, for its trainee to fetch. Default: nothing.'),
    backends: z.array(z.enum(['process', 'docker', 'kubernetes'])).min(1),
    grading: z
      .strictObject({
        deadline: secondsBetween(1, 600).default(60),
        onDemand: z.strictObject({ every: secondsBetween(0, 3600) }).default({ every: 5 }),
        attempts: z
          .int()
          .min(1)
          .max(1000)
          .optional()
          .describe('How often a lab may be graded on demand; handing in comes on top. Default: no limit.'),
        coolDown: z
          .strictObject({
            after: z.int().min(1).max(100).default(3).describe('How many in a row may gain nothing.'),
            for: secondsBetween(1, 86_400).describe(
              'How long the first pause is; none grows past an hour or this.',
            ),
          })
          .optional()
          .describe(
            'After so many attempts in a row that gained nothing each further one waits, twice as long every time.',
          ),
      })
      .default({ deadline: 60, onDemand: { every: 5 } }),
    parameters,
    components: components(variants),
    instructions: folderPath,
    tasks: z.array(task).min(1),
    questions: z.array(question).default([]),
    observations: looks(observers).default({}).describe('Shared by checks: read once an attempt.'),
    trials: z
      .array(trial(observers, actions, oneStep))
      .default([])
      .describe('Experiments on a copy of the lab.'),
    watches: z.array(watch(observers)).default([]).describe('What is sampled while the lab lives.'),
    faults: z.array(fault(oneStep)).default([]).describe('What happens to the lab.'),
    checks: z.array(check(observers)).min(1),
    solutions: solutions(oneStep),
    wrong: z.array(wrong(oneStep)).default([]),
    reveal: z
      .enum(['never', 'afterEnd'])
      .default('never')
      .describe('Whether trainees may see the model solution once the lab has ended.'),
    test,
    ...later('exam', 'team'),
  });
}

export type TemplateSchema = ReturnType<typeof templateSchema>;
export type Authored = z.output<TemplateSchema>;
