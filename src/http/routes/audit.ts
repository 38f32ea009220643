/** Who did what to which lab: for instructors and admins. */
import { z } from 'zod';
import { LabError } from '../../lab/errors.ts';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { cursorSchema, iso, limitSchema, pageOf, subjectSchema, timeSchema } from '../schemas.ts';

const entrySchema = z.object({
  id: z.string(),
  at: timeSchema,
  actor: z.string().describe('Whom the token speaks for'),
  role: z.string(),
  action: z.string().describe('Such as `lab.reset`'),
  target: z.string().nullable().describe('What it was done to, such as the id of a lab'),
  outcome: z.string().describe('`done`, or the code of the error that it was answered with'),
  detail: z.record(z.string(), z.unknown()),
});

const query = z.strictObject({
  target: subjectSchema.optional().describe('Such as the id of a lab'),
  actor: subjectSchema.optional(),
  action: subjectSchema.optional(),
  since: z.iso.datetime({ offset: true }).optional().describe('A time, ISO 8601 with a zone'),
  cursor: cursorSchema.optional(),
  limit: limitSchema,
});

export function auditRoutes(api: Api, { audit }: Pick<AppDeps, 'audit'>): void {
  api.route({
    method: 'GET',
    url: '/audit',
    schema: {
      tags: ['operation'],
      summary: 'Who did what, newest first',
      description: 'Instructors and admins. Every write of a person, refused ones too.',
      querystring: query,
      response: { 200: pageOf(entrySchema), ...problems },
    },
    handler: async (request) => {
      if (callerOf(request).role === 'trainee') {
        throw new LabError('forbidden', 'Only an instructor may read the audit log.');
      }
      const { target, actor, action, since, cursor, limit } = request.query;
      const found = await audit.list({
        ...(target === undefined ? {} : { target }),
        ...(actor === undefined ? {} : { actor }),
        ...(action === undefined ? {} : { action }),
        ...(since === undefined ? {} : { since: new Date(since) }),
        ...(cursor === undefined ? {} : { before: readCursor(cursor) }),
        limit: limit + 1,
      });
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return {
        items: items.map((one) => ({ ...one, at: iso(one.at), detail: { ...one.detail } })),
        nextCursor: found.length > limit && last !== undefined ? last.id : null,
      };
    },
  });
}

/** Entries are numbered: a page ends at a number. Throws `validation_failed`. */
function readCursor(cursor: string): string {
  if (/^[1-9]\d{0,17}$/.test(cursor)) return cursor;
  throw new LabError(
    'validation_failed',
    'The cursor is not one that this server gave out: ask for the first page.',
    { extra: { field: 'cursor' } },
  );
}
