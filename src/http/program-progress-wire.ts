/** How far people are, as it goes over the wire: percentages rounded down, times as text. */
import { z } from 'zod';
import { rounded } from '../programs/percent.ts';
import type { TraineeProgress } from '../programs/progress.ts';
import { gateNames } from './program-wire.ts';
import { iso, timeSchema } from './schemas.ts';

const percent = z.number().nullable().describe('To two decimals, rounded down; null: there is nothing yet');
const missing = z.array(z.string()).describe('What is missing, in words');
const standing = {
  percent,
  passed: z.boolean(),
  missing,
  waived: z.string().nullable().describe('The reason, where somebody was excused'),
};

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

export type ProgressWire = z.infer<typeof progressSchema>;

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
