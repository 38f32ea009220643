/** A program as it is written. What lies across it is checked by `check.ts`. */
import { z } from 'zod';
import { kebab, line, prose } from '../templates/schema-parts.ts';
import { isDay, type Span } from './calendar.ts';

const percent = z.number().min(0).max(100);
const weight = z.number().gt(0).max(100).describe('Percent; those side by side add up to 100.');

const span = z
  .string()
  .regex(
    /^[1-9]\d{0,3} (day|week|month|year)s?$/,
    'expected a span such as "30 days", "3 months" or "1 year"',
  )
  .transform((text): Span => {
    const [count = '1', unit = 'day'] = text.split(' ');
    return { count: Number(count), unit: unit.replace(/s$/, '') as Span['unit'] };
  });

const day = z.string().refine(isDay, 'expected a day such as 2026-04-30');

const hours = z.union([
  z.number().min(0).max(10_000),
  z
    .string()
    .regex(/^\d{1,4}(\.\d+)?h$/, 'expected hours such as "32h"')
    .transform((text) => Number.parseFloat(text)),
]);

/** A session is called by a number or a word. */
const sessionId = z.union([z.int().min(1).max(999), kebab]).transform(String);

/** `1-7`, `sessions 1-7`, `session 8`: taken apart in `check.ts`, where the sessions are known. */
const sessionRange = z
  .string()
  .regex(
    /^sessions? [a-z0-9-]+(, ?[a-z0-9-]+)*$/,
    'expected such as "session 8", "sessions 1-7" or "sessions 1, 3"',
  );

/** `th-4/report.md`: a lab and a file that its trainee writes. */
const labFile = z
  .string()
  .max(500)
  .regex(/^[a-z][a-z0-9-]*\/[^\\]+$/, 'expected a lab and a file in it, such as "th-2-4-ha/recovery.md"')
  .refine(
    (path) => !path.split('/').some((part) => part === '..' || part === '.'),
    'expected a path without ".."',
  );

const word = z
  .string()
  .max(200)
  .regex(
    /^(all|task:(\*|[a-z][a-z0-9-]*)|competency:[a-z0-9-]+(\.[a-z0-9-]+)*|!?[a-z][a-z0-9-]*)$/,
    'expected "all", a check, "!check", "task:*", "task:<id>" or "competency:<name>"',
  );
const picks = z
  .record(
    z.string().regex(/^(\*|[a-z][a-z0-9]*(-[a-z0-9]+)*)$/, 'expected the id of a lab, or "*"'),
    z.union([word.transform((one) => [one]), z.array(word).min(1)]),
  )
  .describe('Lab → which of its checks; "*" is every module of the session that is not named.');

/** Exactly one of these says where a percentage comes from; `check.ts` sees to it. */
const sources = {
  labs: z
    .union([z.literal('modules'), z.array(kebab).min(1)])
    .optional()
    .describe("The labs' points."),
  checks: picks.optional(),
  quiz: kebab.optional().describe('A stored result, or the lab of this id.'),
  rubric: kebab.optional().describe("A person's mark."),
};

const assessment = z.strictObject({
  id: kebab,
  title: line.optional(),
  weight,
  pass: percent.optional().describe("Default: the session's."),
  ...sources,
  of: labFile.optional().describe('What is marked.'),
});

const session = z.strictObject({
  id: sessionId,
  title: line.optional(),
  hours: z.number().min(0).max(1000).default(0),
  attendance: z.enum(['required', 'optional']).default('optional'),
  modules: z.array(kebab).default([]).describe('Labs, in order.'),
  pass: percent.optional().describe('Percent that each assessment must reach.'),
  assessment: z.array(assessment).min(1),
});

const component = z.strictObject({
  weight,
  of: sessionRange.optional().describe('The mean of these sessions.'),
  lab: kebab.optional(),
  quiz: sources.quiz,
  rubric: sources.rubric,
});

const criterion = z.strictObject({
  id: kebab,
  points: z.int().min(1).max(10_000),
  text: line,
  full: line.optional(),
  half: line.optional(),
});

const gate = z
  .strictObject({
    attendance: hours.optional(),
    eachAssessment: percent.optional(),
    passed: z
      .array(z.union([z.int().transform(String), kebab]))
      .min(1)
      .optional(),
    demonstrated: z.array(kebab).min(1).optional(),
    attested: z.array(kebab).min(1).optional(),
    score: percent.optional(),
  })
  .describe('One thing that must hold, whatever the weighted sum is.');

const certificate = z.strictObject({
  title: line.optional(),
  pass: percent.optional(),
  components: z.record(kebab, component),
  requires: z.array(gate).min(1),
  valid: span.optional(),
  renewal: z
    .strictObject({
      lab: kebab.optional(),
      hours: z.number().min(0).max(1000).default(0),
      attest: z.array(kebab).default([]),
      due: span.default({ count: 3, unit: 'month' }).describe('How long before the end it is due.'),
    })
    .optional(),
});

const level = z.strictObject({
  weeks: z
    .union([z.int().min(1).transform(String), z.string().regex(/^\d+-\d+$/, 'expected weeks such as 1-2')])
    .optional(),
  sessions: z.array(sessionId).min(1),
});

export const programSchema = z.strictObject({
  'labwright-program': z.literal(1).describe('Version of the language of programs.'),
  id: kebab,
  title: line,
  summary: prose.optional(),
  hours: z.number().min(0).max(10_000),
  pass: percent.default(85).describe('Percent that pass where nothing else is said.'),
  counts: z
    .enum(['final', 'best', 'latest'])
    .default('final')
    .describe('The best hand-in of a lab, the best attempt, or the newest hand-in.'),
  reviewBy: z.strictObject({ every: span, next: day }).optional(),
  planned: z.array(kebab).default([]).describe('Labs of the program that are not built yet.'),
  competencies: z
    .strictObject({ file: z.string().regex(/^[A-Za-z0-9_-]+\.ya?ml$/, 'expected a file beside this one') })
    .optional(),
  levels: z.record(kebab, level).default({}),
  rubrics: z.record(kebab, z.strictObject({ criteria: z.array(criterion).min(1) })).optional(),
  quizzes: z.record(kebab, z.strictObject({ title: line })).optional(),
  skills: z
    .record(kebab, z.strictObject({ title: line, checks: picks.optional() }))
    .default({})
    .describe('What `demonstrated` names; without `checks` a person attests it.'),
  sessions: z.array(session).min(1),
  certificate: certificate.optional(),
});

export const competenciesSchema = z.strictObject({
  'labwright-competencies': z.literal(1),
  areas: z
    .array(
      z.strictObject({
        id: kebab,
        title: line,
        items: z
          .array(
            z.strictObject({
              id: kebab,
              title: line,
              labs: z.array(kebab).default([]).describe('Beside those whose template names <area>.<item>.'),
            }),
          )
          .min(1),
      }),
    )
    .min(1),
});

export type AuthoredProgram = z.output<typeof programSchema>;
export type AuthoredCompetencies = z.output<typeof competenciesSchema>;

/** What an author may write, for editors: a program, or a file of competencies. */
export function programJsonSchema(): Record<string, unknown> {
  const either = z.union([programSchema, competenciesSchema]);
  return {
    ...z.toJSONSchema(either, { io: 'input', unrepresentable: 'any', reused: 'ref' }),
    title: 'Labwright program',
  };
}
