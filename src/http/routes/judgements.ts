/** People's verdicts: marks for what no program can grade, and overrides of what one did. Instructors only. */
import { z } from 'zod';
import type { Value } from '../../grading/types.ts';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { idSchema, iso, labParams, textSchema, timeSchema } from '../schemas.ts';

const tags = ['judging'];

const level = z.enum(['full', 'half', 'none']);

const markSchema = z.object({
  check: z.string(),
  marks: z.record(z.string(), level),
  comment: z.string().nullable(),
  by: z.string(),
  at: timeSchema,
});

const rubricSchema = z.object({
  check: z.string(),
  title: z.string(),
  maxPoints: z.number(),
  criteria: z.array(
    z.object({
      id: z.string(),
      points: z.number(),
      text: z.string(),
      full: z.string().nullable(),
      half: z.string().nullable(),
    }),
  ),
  work: z.unknown().describe('What the last attempt saw of the work'),
  mark: markSchema.omit({ check: true }).nullable(),
});

const overrideBody = z.strictObject({
  verdict: z.enum(['pass', 'fail']),
  points: z.number().min(0).max(10_000).optional().describe('Default: all for a pass, none for a fail'),
  reason: textSchema(2_000).refine((text) => text.trim() !== '', 'a reason, which the trainee reads'),
});

const overrideSchema = z.object({
  attempt: z.int(),
  check: z.string(),
  verdict: z.enum(['pass', 'fail']),
  points: z.number(),
  reason: z.string(),
  by: z.string(),
  at: timeSchema,
});

export function judgementRoutes(api: Api, { people }: AppDeps): void {
  api.route({
    method: 'GET',
    url: '/labs/:id/marks',
    schema: {
      tags,
      summary: 'What there is to mark in a lab, and what was given',
      params: labParams,
      response: { 200: z.object({ items: z.array(rubricSchema) }), ...problems },
    },
    handler: async (request) => {
      const rubrics = await people.rubrics(callerOf(request), request.params.id);
      return {
        items: rubrics.map(({ check, title, maxPoints, criteria, work, mark }) => ({
          check,
          title,
          maxPoints,
          criteria: [...criteria],
          work: shown(work),
          mark: mark === null ? null : { ...mark, marks: { ...mark.marks }, at: iso(mark.at) },
        })),
      };
    },
  });

  api.route({
    method: 'PUT',
    url: '/labs/:id/marks/:check',
    config: { audit: { action: 'check.mark', detail: ['marks'] } },
    schema: {
      tags,
      summary: 'Mark a check that people judge; a later mark replaces it',
      params: z.strictObject({ id: idSchema.describe("The lab's id"), check: idSchema }),
      body: z.strictObject({
        marks: z.record(idSchema, textSchema(20)).describe('Criterion → full, half or none'),
        comment: textSchema(10_000).optional().describe('For the trainee'),
      }),
      response: { 200: markSchema, ...problems },
    },
    handler: async (request) => {
      const { id, check } = request.params;
      const { marks, comment = null } = request.body;
      const mark = await people.mark(callerOf(request), id, check, { marks, comment });
      return { check, marks: { ...mark.marks }, comment: mark.comment, by: mark.by, at: iso(mark.at) };
    },
  });

  api.route({
    method: 'PUT',
    url: '/labs/:id/attempts/:number/overrides/:check',
    config: { audit: { action: 'check.override', detail: ['verdict', 'points', 'reason'] } },
    schema: {
      tags,
      summary: 'Say what counts instead of a verdict, with a reason',
      params: z.strictObject({
        id: idSchema.describe("The lab's id"),
        number: z.coerce.number().int().min(1).max(1_000_000),
        check: idSchema,
      }),
      body: overrideBody,
      response: { 200: overrideSchema, ...problems },
    },
    handler: async (request) => {
      const { id, number, check } = request.params;
      const { verdict, points = null, reason } = request.body;
      const said = await people.override(callerOf(request), id, number, check, { verdict, points, reason });
      const { attempt, by } = said;
      return { attempt, check, verdict: said.verdict, points: said.points, reason, by, at: iso(said.at) };
    },
  });
}

/** Evidence as JSON: times as text, bytes as base64. */
function shown(value: Value): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shown(one)]));
}
