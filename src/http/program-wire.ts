/** Programs, and facts about people in them, as they go over the wire. */
import { z } from 'zod';
import { showSpan } from '../programs/calendar.ts';
import { type Fact, factKinds } from '../programs/record.ts';
import type { Program } from '../programs/types.ts';
import { iso, timeSchema } from './schemas.ts';

export const gateNames = [
  'attendance',
  'eachAssessment',
  'passed',
  'demonstrated',
  'attested',
  'score',
] as const;

export const programSchema = z.object({
  id: z.string(),
  title: z.string(),
  summary: z.string().nullable(),
  hours: z.number(),
  counts: z.enum(['final', 'best', 'latest']).describe('Which attempts at its labs count'),
  review: z.object({ every: z.string(), next: z.string().describe('A day') }).nullable(),
  labs: z.array(z.object({ id: z.string(), title: z.string(), available: z.boolean() })),
  sessions: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      hours: z.number(),
      attendance: z.enum(['required', 'optional']),
      modules: z.array(z.string()),
      assessments: z.array(
        z.object({
          id: z.string(),
          title: z.string(),
          weight: z.number(),
          pass: z.number(),
          by: z.enum(['labs', 'checks', 'quiz', 'rubric']),
          of: z.string().nullable().describe('The lab and the file that is marked'),
        }),
      ),
    }),
  ),
  levels: z.array(z.object({ id: z.string(), weeks: z.string().nullable(), sessions: z.array(z.string()) })),
  rubrics: z.record(
    z.string(),
    z.array(
      z.object({
        id: z.string(),
        points: z.number(),
        text: z.string(),
        full: z.string().nullable(),
        half: z.string().nullable(),
      }),
    ),
  ),
  certificate: z
    .object({
      title: z.string(),
      components: z.array(z.object({ id: z.string(), weight: z.number() })),
      gates: z.array(z.enum(gateNames)),
      valid: z.string().nullable(),
      renewal: z
        .object({ lab: z.string().nullable(), hours: z.number(), attest: z.array(z.string()) })
        .nullable(),
    })
    .nullable(),
});

export const factSchema = z.object({
  id: z.string(),
  trainee: z.string(),
  kind: z.enum(factKinds),
  item: z.string(),
  on: z.string().describe('The day that it is about'),
  hours: z.number().nullable(),
  percent: z.number().nullable(),
  marks: z.record(z.string(), z.enum(['full', 'half', 'none'])).nullable(),
  comment: z.string().nullable(),
  withdrawn: z.boolean(),
  by: z.string(),
  at: timeSchema,
});

export type ProgramWire = z.infer<typeof programSchema>;
export type FactWire = z.infer<typeof factSchema>;

export function programWire(program: Program): ProgramWire {
  const { id, title, summary, hours, counts, reviewBy, certificate } = program;
  return {
    id,
    title,
    summary,
    hours,
    counts,
    review: reviewBy === null ? null : { every: showSpan(reviewBy.every), next: reviewBy.next },
    labs: program.labs.map((lab) => ({ ...lab })),
    sessions: program.sessions.map(({ assessments, modules, pass: _, ...session }) => ({
      ...session,
      modules: [...modules],
      assessments: assessments.map(({ source, ...one }) => ({
        ...one,
        by: source.from,
        of: source.from === 'rubric' ? source.of : null,
      })),
    })),
    levels: program.levels.map((level) => ({ ...level, sessions: [...level.sessions] })),
    rubrics: Object.fromEntries(
      Object.entries(program.rubrics).map(([name, criteria]) => [name, [...criteria]]),
    ),
    certificate:
      certificate === null
        ? null
        : {
            title: certificate.title,
            components: certificate.components.map(({ id: own, weight }) => ({ id: own, weight })),
            gates: certificate.requires.map((one) => one.gate),
            valid: certificate.valid === null ? null : showSpan(certificate.valid),
            renewal:
              certificate.renewal === null
                ? null
                : {
                    lab: certificate.renewal.lab,
                    hours: certificate.renewal.hours,
                    attest: [...certificate.renewal.attest],
                  },
          },
  };
}

export function factWire(fact: Fact): FactWire {
  return { ...fact, marks: fact.marks === null ? null : { ...fact.marks }, at: iso(fact.at) };
}
