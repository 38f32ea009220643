/** Programs, how far people are in them, and what was stored about people. */
import { z } from 'zod';
import { factKinds } from '../../programs/record.ts';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { progressSchema, progressWire } from '../program-progress-wire.ts';
import { factSchema, factWire, programSchema, programWire } from '../program-wire.ts';
import { cursorSchema, idSchema, limitSchema, pageOf, subjectSchema, textSchema } from '../schemas.ts';

const tags = ['programs'];
export const programParams = z.strictObject({ id: idSchema.describe("The program's id") });

const peopleQuery = z.strictObject({
  trainee: subjectSchema.optional().describe('Default: yourself; for instructors everybody'),
  cursor: cursorSchema.optional(),
  limit: limitSchema,
});

const factBody = z.strictObject({
  trainee: subjectSchema,
  kind: z.enum(factKinds),
  item: z
    .string()
    .min(1)
    .max(200)
    .describe(
      'attendance: a session or `renewal`; quiz: its id; mark: `<session>/<assessment>` or a component; attestation: what ' +
        'is attested; waiver: `attendance:…`, `assessment:…`, `component:…`, `lab:…`, `skill:…` or `attestation:…`',
    ),
  on: z.string().optional().describe('The day that it is about, such as 2026-03-01; default: today (UTC)'),
  hours: z.number().optional().describe('Of an attendance'),
  percent: z.number().optional().describe('Of a quiz or a mark'),
  marks: z
    .record(idSchema, z.enum(['full', 'half', 'none']))
    .optional()
    .describe('Of a mark, by criterion, instead of a percentage'),
  comment: textSchema(2_000)
    .optional()
    .describe("A waiver's reason, which it needs; or what else there is to say"),
  withdrawn: z.boolean().optional().describe('Takes back what was said of this item and day'),
});

export function programRoutes(api: Api, { programs }: AppDeps): void {
  api.route({
    method: 'GET',
    url: '/programs',
    schema: {
      tags,
      summary: 'List programs',
      response: {
        200: z.object({
          items: z.array(programSchema),
          problems: z
            .array(z.object({ file: z.string(), problems: z.array(z.string()) }))
            .describe('Programs that do not load; instructors only'),
        }),
        ...problems,
      },
    },
    handler: async (request) => {
      const { programs: items, broken } = await programs.list(callerOf(request));
      return {
        items: items.map(programWire),
        problems: broken.map(({ file, problems: texts }) => ({ file, problems: [...texts] })),
      };
    },
  });

  api.route({
    method: 'GET',
    url: '/programs/:id',
    schema: {
      tags,
      summary: 'One program',
      params: programParams,
      response: { 200: programSchema, ...problems },
    },
    handler: async (request) => programWire(await programs.get(request.params.id)),
  });

  api.route({
    method: 'GET',
    url: '/programs/:id/progress',
    schema: {
      tags,
      summary: 'How far people are in a program',
      description:
        'Computed from attempts and stored facts. Trainees see their own; instructors anybody, or all by name.',
      params: programParams,
      querystring: peopleQuery,
      response: { 200: pageOf(progressSchema), ...problems },
    },
    handler: async (request) => {
      const page = await programs.progress(callerOf(request), request.params.id, request.query);
      return { items: page.items.map(progressWire), nextCursor: page.nextCursor };
    },
  });

  api.route({
    method: 'POST',
    url: '/programs/:id/facts',
    config: { audit: 'program.fact' },
    schema: {
      tags,
      summary: 'Store facts about trainees: attendance, quizzes, marks, attestations, waivers',
      description:
        'Instructors only. All are stored or none. Nothing is overwritten: of several facts about the same trainee, ' +
        'kind, item and day the newest holds.',
      params: programParams,
      body: z.strictObject({ facts: z.array(factBody).min(1).max(500) }),
      response: { 201: z.object({ items: z.array(factSchema) }), ...problems },
    },
    handler: async (request, reply) => {
      const facts = await programs.addFacts(callerOf(request), request.params.id, request.body.facts);
      return reply.code(201).send({ items: facts.map(factWire) });
    },
  });

  api.route({
    method: 'GET',
    url: '/programs/:id/facts',
    schema: {
      tags,
      summary: 'What was stored about trainees, newest first',
      description: 'With what was corrected since. Trainees see their own.',
      params: programParams,
      querystring: peopleQuery,
      response: { 200: pageOf(factSchema), ...problems },
    },
    handler: async (request) => {
      const page = await programs.facts(callerOf(request), request.params.id, request.query);
      return { items: page.items.map(factWire), nextCursor: page.nextCursor };
    },
  });
}
