/**
 * What people write is recorded, in one place for all routes: a route names its action and no route can forget it, for
 * one without a name is recorded under its method and path.
 */
import type { FastifyRequest } from 'fastify';
import type { AuditEntry, AuditSink } from '../lab/audit.ts';
import type { Log } from '../lab/log.ts';
import type { Json } from '../templates/types.ts';
import type { Api } from './api.ts';

/** `config: { audit: … }` of a route that changes something. */
export type Audited =
  /** The action alone, such as `lab.reset`. */
  | string
  | {
      readonly action: string;
      /** Fields of the body to record: nothing secret, no answers, no long text. */
      readonly detail?: readonly string[];
      /** The parameter of the path that is the target; default `id`, else the `id` of the answer. */
      readonly target?: string;
    };

declare module 'fastify' {
  interface FastifyContextConfig {
    audit?: Audited;
  }
  interface FastifyRequest {
    /** The id of what the handler made, for the record. */
    made: string | null;
  }
}

const reading = new Set(['GET', 'HEAD', 'OPTIONS']);
const longestText = 200;
const mostItems = 20;

/**
 * Records every write of somebody with a token before it is answered, so that what was answered is on record. What is
 * merely malformed (400, 422) or comes too often (429) has touched nothing and is left out; refusals (403, 404, 409)
 * are kept. Call before routes are added. A record that cannot be written is logged whole: what it tells of has happened.
 */
export function auditWrites(api: Api, audit: AuditSink, log: Pick<Log, 'error'>): void {
  api.decorateRequest('made', null);
  api.addHook('preSerialization', async (request, _reply, payload) => {
    const id = (payload as { id?: unknown } | null)?.id;
    if (typeof id === 'string') request.made = id;
    return payload;
  });
  api.addHook('onSend', async (request, reply, payload) => {
    const entry = entryOf(request, reply.statusCode, payload);
    if (entry !== null) await recordOrLog(audit, log, entry);
  });
}

/** Never throws. */
export async function recordOrLog(
  audit: AuditSink,
  log: Pick<Log, 'error'>,
  entry: AuditEntry,
): Promise<void> {
  try {
    await audit.record(entry);
  } catch (err) {
    log.error({ err, entry }, 'what a person did could not be recorded in the audit log');
  }
}

/** Pure. Null for what is not recorded. */
function entryOf(request: FastifyRequest, status: number, payload: unknown): AuditEntry | null {
  const { token, method, routeOptions } = request;
  // What is upgraded is no reading, and says so.
  if (token === null || (reading.has(method) && routeOptions.config.audit === undefined)) return null;
  if (status === 400 || status === 422 || status === 429) return null;
  const given = routeOptions.config.audit ?? `${method} ${routeOptions.url}`;
  const { action, detail = [], target = 'id' } = typeof given === 'string' ? { action: given } : given;
  const { [target]: named, ...place } = (request.params ?? {}) as Record<string, string>;
  const body = (request.body ?? {}) as Record<string, unknown>;
  const told = detail.flatMap((key) => (Object.hasOwn(body, key) ? [[key, small(body[key])] as const] : []));
  return {
    actor: token.subject,
    role: token.role,
    action,
    target: named ?? request.made,
    outcome: status < 400 ? 'done' : codeOf(payload, status),
    detail: {
      ...Object.fromEntries(Object.entries(place).map(([key, one]) => [key, small(one)])),
      ...Object.fromEntries(told),
    },
  };
}

/** Of the problem that is answered with. */
function codeOf(payload: unknown, status: number): string {
  try {
    const { code } = JSON.parse(String(payload)) as { code?: unknown };
    if (typeof code === 'string') return code;
  } catch {
    // No problem of ours: its status has to do.
  }
  return String(status);
}

function small(value: unknown): Json {
  if (typeof value === 'string')
    return value.length > longestText ? `${value.slice(0, longestText)}…` : value;
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.slice(0, mostItems).map(small);
  if (typeof value !== 'object' || value === null) return null;
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, mostItems)
      .map(([key, one]) => [small(key) as string, small(one)]),
  );
}
