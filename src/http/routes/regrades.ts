/** Attempts judged again with a corrected template: a dry run first, then it counts, and can be taken back. */
import { z } from 'zod';
import { LabError } from '../../lab/errors.ts';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { itemSchema, itemWire, regradeSchema, regradeWire } from '../regrade-wire.ts';
import { cursorSchema, idSchema, iso, limitSchema, pageOf, textSchema } from '../schemas.ts';

const tags = ['judging'];
const regradeParams = z.strictObject({ id: idSchema.describe("The regrade's id") });

const askBody = z.strictObject({
  template: idSchema,
  from: idSchema
    .optional()
    .describe('Only attempts that this version graded: the beginning of its hash. Default: any'),
  to: idSchema
    .default('draft')
    .describe('`draft` (the folder), `staged`, `released`, or the beginning of a hash'),
  lab: idSchema.optional().describe('Only attempts of this lab'),
  check: idSchema.optional().describe('Only this check is judged again; what depends on it is settled'),
  finals: z.boolean().default(false).describe('Grades that were handed in change too'),
});

const actBody = z.strictObject({
  reason: textSchema(2_000)
    .refine((text) => text.trim() !== '', 'a reason')
    .describe('Trainees read it'),
});

export function regradeRoutes(api: Api, { regrades }: Pick<AppDeps, 'regrades'>): void {
  api.route({
    method: 'POST',
    url: '/regrade',
    config: {
      audit: { action: 'regrade.ask', detail: ['template', 'from', 'to', 'lab', 'check', 'finals'] },
    },
    schema: {
      tags,
      summary: 'Judge stored attempts again and see what would change',
      description:
        'Nothing counts before it is applied. The answer comes when all attempts are through; whoever hangs up stops it.',
      body: askBody,
      response: { 201: regradeSchema, ...problems },
    },
    handler: async (request, reply) => {
      const { template, from = null, to, lab = null, check = null, finals } = request.body;
      const stop = new AbortController();
      reply.raw.once('close', () => stop.abort());
      const asked = { template, from, to, lab, check, finals };
      const made = await regrades.regrade(callerOf(request), asked, stop.signal);
      return reply.code(201).header('location', `/api/v1/regrades/${made.id}`).send(regradeWire(made));
    },
  });

  api.route({
    method: 'GET',
    url: '/regrades',
    schema: {
      tags,
      summary: 'Regrades, newest first',
      querystring: z.strictObject({
        template: idSchema.optional(),
        cursor: cursorSchema.optional(),
        limit: limitSchema,
      }),
      response: { 200: pageOf(regradeSchema), ...problems },
    },
    handler: async (request) => {
      const { template, cursor, limit } = request.query;
      const before = cursor === undefined ? undefined : readCursor(cursor, isTime);
      const found = await regrades.list(callerOf(request), {
        ...(template === undefined ? {} : { templateId: template }),
        ...(before === undefined ? {} : { before: { createdAt: new Date(before[0]), id: before[1] } }),
        limit: limit + 1,
      });
      const items = found.slice(0, limit);
      const last = items.at(-1);
      const nextCursor =
        found.length > limit && last !== undefined ? writeCursor(iso(last.askedAt), last.id) : null;
      return { items: items.map(regradeWire), nextCursor };
    },
  });

  api.route({
    method: 'GET',
    url: '/regrades/:id',
    schema: {
      tags,
      summary: 'One regrade',
      params: regradeParams,
      response: { 200: regradeSchema, ...problems },
    },
    handler: async (request) => regradeWire(await regrades.get(callerOf(request), request.params.id)),
  });

  api.route({
    method: 'GET',
    url: '/regrades/:id/attempts',
    schema: {
      tags,
      summary: 'What a regrade changes, attempt by attempt, and what it could not judge',
      params: regradeParams,
      querystring: z.strictObject({ cursor: cursorSchema.optional(), limit: limitSchema }),
      response: { 200: pageOf(itemSchema), ...problems },
    },
    handler: async (request) => {
      const { cursor, limit } = request.query;
      const after = cursor === undefined ? undefined : readCursor(cursor, isLab);
      const found = await regrades.items(callerOf(request), request.params.id, {
        ...(after === undefined ? {} : { after: { labId: after[0], number: Number(after[1]) } }),
        limit: limit + 1,
      });
      const items = found.slice(0, limit);
      const last = items.at(-1);
      const nextCursor =
        found.length > limit && last !== undefined ? writeCursor(last.labId, String(last.number)) : null;
      return { items: items.map(itemWire), nextCursor };
    },
  });

  for (const what of ['apply', 'undo'] as const) {
    api.route({
      method: 'POST',
      url: `/regrades/:id/${what}`,
      config: { audit: { action: `regrade.${what}`, detail: ['reason'] } },
      schema: {
        tags,
        summary: what === 'apply' ? 'Let a regrade count' : 'Let count again what did before a regrade',
        description:
          what === 'apply'
            ? 'All of its attempts or none; refused, with what has changed, when others were graded or regraded since.'
            : 'Refused while another regrade counts on top of it.',
        params: regradeParams,
        body: actBody,
        response: { 200: regradeSchema, ...problems },
      },
      handler: async (request) => {
        const { id } = request.params;
        return regradeWire(await regrades[what](callerOf(request), id, request.body.reason));
      },
    });
  }
}

const isId = (text: string) => idSchema.safeParse(text).success;
const isTime = (time: string, id: string) => z.iso.datetime().safeParse(time).success && isId(id);
const isLab = (lab: string, number: string) => isId(lab) && /^\d{1,7}$/.test(number);

function writeCursor(...parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** Throws `validation_failed` for what `writeCursor` did not make. */
function readCursor(
  cursor: string,
  fits: (first: string, second: string) => boolean,
): readonly [string, string] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(parts) && parts.length === 2) {
      const [first, second]: unknown[] = parts;
      if (typeof first === 'string' && typeof second === 'string' && fits(first, second))
        return [first, second];
    }
  } catch {
    // Not JSON: told below like any other bad cursor.
  }
  throw new LabError(
    'validation_failed',
    'The cursor is not one that this server gave out: ask for the first page.',
    { extra: { field: 'cursor' } },
  );
}
