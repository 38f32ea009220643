/** Programs and progress as they go over the wire: percentages rounded down, times as text. */
import { z } from 'zod';
import { showSpan } from '../programs/calendar.ts';
import { rounded } from '../programs/percent.ts';
import type { TraineeProgress } from '../programs/progress.ts';
import { type Fact, factKinds, type Program } from '../programs/types.ts';
import { iso, timeSchema } from './schemas.ts';

const percent = z.number().nullable().describe('To two decimals, rounded down; null: there is nothing yet');
const missing = z.array(z.string()).describe('What is missing, in words');
const standing = {
  percent,
  passed: z.boolean(),
  missing,
  waived: z.string().nullable().describe('The reason, where somebody was excused'),
};

const gateNames = ['attendance', 'eachAssessment', 'passed', 'demonstrated', 'attested', 'score'] as const;

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

export const progressSchema = z.object({
  trainee: z.string(),
  attendance: z.object({ hours: z.number(), of: z.number() }),
  sessions: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      percent,
      passed: z.boolean().describe('Each assessment is, and attendance where it is required'),
      missing,
      attendance: z.object({
        hours: z.number(),
        of: z.number(),
        required: z.boolean(),
        met: z.boolean(),
        waived: z.string().nullable(),
      }),
      modules: z.array(
        z.object({
          lab: z.string(),
          title: z.string(),
          available: z.boolean().describe('False: planned, it cannot be started yet'),
          open: z.string().nullable().describe('The lab that the trainee has open'),
          ...standing,
        }),
      ),
      assessments: z.array(
        z.object({ id: z.string(), title: z.string(), weight: z.number(), pass: z.number(), ...standing }),
      ),
    }),
  ),
  levels: z.array(
    z.object({
      id: z.string(),
      weeks: z.string().nullable(),
      reached: z.boolean(),
      passed: z.int().describe('Sessions'),
      of: z.int(),
    }),
  ),
  competencies: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      percent: z.number(),
      items: z.array(
        z.object({
          id: z.string(),
          title: z.string(),
          percent: z.number(),
          shown: z.boolean(),
          labs: z.array(z.string()),
        }),
      ),
    }),
  ),
  certificate: z
    .object({
      title: z.string(),
      state: z.enum(['not yet', 'valid', 'renewal due', 'expired']),
      percent,
      components: z.array(z.object({ id: z.string(), weight: z.number(), ...standing })),
      gates: z.array(z.object({ gate: z.enum(gateNames), asks: z.string(), met: z.boolean(), missing })),
      earnedAt: timeSchema.nullable(),
      renewedAt: timeSchema.nullable(),
      until: timeSchema.nullable(),
      renewalDueAt: timeSchema.nullable(),
      renewalMissing: missing,
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
export type ProgressWire = z.infer<typeof progressSchema>;
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

export function progressWire(progress: TraineeProgress): ProgressWire {
  const { certificate, open } = progress;
  return {
    trainee: progress.trainee,
    attendance: progress.attendance,
    sessions: progress.sessions.map((session) => ({
      ...withPercent(session),
      modules: session.modules.map((one) => ({
        ...withPercent(one),
        open: Object.hasOwn(open, one.lab) ? (open[one.lab] ?? null) : null,
      })),
      assessments: session.assessments.map(withPercent),
    })),
    levels: progress.levels.map((level) => ({ ...level })),
    competencies: progress.competencies.map((area) => ({
      ...area,
      percent: rounded(area.percent),
      items: area.items.map((item) => ({ ...item, percent: rounded(item.percent), labs: [...item.labs] })),
    })),
    certificate: certificate === null ? null : certificateWire(certificate),
  };
}

function certificateWire(
  certificate: NonNullable<TraineeProgress['certificate']>,
): NonNullable<ProgressWire['certificate']> {
  const { title, components, gates, validity } = certificate;
  const held = validity.state === 'not yet' ? null : validity;
  return {
    title,
    state: validity.state,
    percent: certificate.percent === null ? null : rounded(certificate.percent),
    components: components.map(withPercent),
    gates: gates.map((gate) => ({ ...gate, missing: [...gate.missing] })),
    earnedAt: iso(held?.earnedAt ?? null),
    renewedAt: iso(held?.renewedAt ?? null),
    until: iso(held?.until ?? null),
    renewalDueAt: iso(held?.dueAt ?? null),
    renewalMissing: [...(held?.missing ?? [])],
  };
}

const withPercent = <T extends { readonly percent: number | null; readonly missing: readonly string[] }>(
  one: T,
) => ({
  ...one,
  percent: one.percent === null ? null : rounded(one.percent),
  missing: [...one.missing],
});

export function factWire(fact: Fact): FactWire {
  return { ...fact, marks: fact.marks === null ? null : { ...fact.marks }, at: iso(fact.at) };
}
