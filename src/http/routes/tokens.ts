/** API tokens: admins hand out any, instructors those of trainees. */
import { z } from 'zod';
import { LabError } from '../../lab/errors.ts';
import type { TokenRecord } from '../../lab/tokens.ts';
import { type Api, problems } from '../api.ts';
import { type Authenticator, callerOf } from '../auth.ts';
import type { AppDeps } from '../deps.ts';
import { durationSchema, idSchema, iso, subjectSchema, timeSchema } from '../schemas.ts';
import { mintToken } from '../token.ts';

const tags = ['tokens'];
const roleSchema = z.enum(['trainee', 'instructor', 'admin']);
const tokenParams = z.strictObject({ id: idSchema.describe("The token's id") });

const tokenSchema = z.object({
  id: z.string(),
  role: roleSchema,
  subject: z.string().describe('Whom it speaks for'),
  class: z.string().nullable().describe('For which class labs are made that are asked for with it'),
  name: z.string().describe('What people know it by'),
  createdAt: timeSchema,
  expiresAt: timeSchema.nullable(),
  revokedAt: timeSchema.nullable(),
  lastUsedAt: timeSchema.nullable().describe('To the minute'),
});

const createBody = z.strictObject({
  subject: subjectSchema.describe('Whom it speaks for, such as an e-mail address'),
  role: roleSchema.default('trainee'),
  class: idSchema.optional().describe('The class that labs are made for; it has to be there'),
  name: subjectSchema.optional().describe('What people know it by; default: the subject'),
  ttl: durationSchema.optional().describe('Default: it does not expire'),
});

export function tokenRoutes(api: Api, deps: AppDeps, authenticator: Authenticator): void {
  const { tokens } = deps;

  api.route({
    method: 'POST',
    url: '/tokens',
    config: { audit: { action: 'token.create', detail: ['subject', 'role', 'name', 'class'] } },
    schema: {
      tags,
      summary: 'Make a token',
      description: 'The token is in this answer only; what is kept is its hash.',
      body: createBody,
      response: { 201: tokenSchema.extend({ token: z.string() }), ...problems },
    },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      const { role, subject, class: group, name, ttl } = request.body;
      requireRights(caller.role, role);
      if (group !== undefined) await deps.classes.get(caller, group);
      const { id, plain, hash } = mintToken(deps.randomBytes);
      const made = await tokens.create({
        id,
        hash,
        role,
        subject,
        class: group ?? null,
        name: name ?? subject,
        ttlSeconds: ttl ?? null,
      });
      return reply.code(201).send({ ...tokenWire(made), token: plain });
    },
  });

  api.route({
    method: 'GET',
    url: '/tokens',
    schema: {
      tags,
      summary: 'List tokens, oldest first',
      description: 'Instructors see those of trainees.',
      response: { 200: z.object({ items: z.array(tokenSchema) }), ...problems },
    },
    handler: async (request) => {
      const { role } = callerOf(request);
      requireRights(role, 'trainee');
      const all = await tokens.list();
      return { items: all.filter((one) => role === 'admin' || one.role === 'trainee').map(tokenWire) };
    },
  });

  api.route({
    method: 'DELETE',
    url: '/tokens/:id',
    config: { audit: 'token.revoke' },
    schema: {
      tags,
      summary: 'Revoke a token',
      description:
        'Counts at once here and within 3 s on other replicas. Asking again gives the same answer.',
      params: tokenParams,
      response: { 200: tokenSchema, ...problems },
    },
    handler: async (request) => {
      const caller = callerOf(request);
      const { id } = request.params;
      requireRights(caller.role, 'trainee');
      const find = async () => (await tokens.list()).find((one) => one.id === id);
      const found = await find();
      if (found === undefined) throw new LabError('not_found', `There is no token "${id}".`);
      requireRights(caller.role, found.role);
      await tokens.revoke(id);
      authenticator.forget();
      return tokenWire((await find()) ?? found);
    },
  });
}

/** Throws `forbidden` unless a caller of this role may handle tokens of that one. */
function requireRights(caller: TokenRecord['role'], about: TokenRecord['role']): void {
  if (caller === 'admin' || (caller === 'instructor' && about === 'trainee')) return;
  throw new LabError('forbidden', `A token of role ${caller} may not handle tokens of role ${about}.`);
}

function tokenWire(token: TokenRecord): z.infer<typeof tokenSchema> {
  const { id, role, subject, class: group, name } = token;
  return {
    id,
    role,
    subject,
    class: group,
    name,
    createdAt: iso(token.createdAt),
    expiresAt: iso(token.expiresAt),
    revokedAt: iso(token.revokedAt),
    lastUsedAt: iso(token.lastUsedAt),
  };
}
