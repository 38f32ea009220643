import type { FastifyInstance } from 'fastify';
import type { Sql } from './database.ts';

interface Entry {
  at: string;
  method: string;
  path: string;
  query: string | null;
  route: string | null;
  status: number;
  userId: string | null;
  actor: string | null;
  act: string | null;
  duration: number;
  agent: string | null;
}

const flushAfterMs = 20;
const retryAfterMs = 250;
const keepAtMost = 20_000;
const unlogged = /^\/(health|metrics|docs)(\/|$)/;

/**
 * Notes every request in observability.access_log: after the answer, in one statement for all that came in the
 * meantime. While the database is away entries wait here, the oldest are let go beyond 20,000.
 */
export function useAccessLog(app: FastifyInstance, sql: Sql, onError: (error: unknown) => void): void {
  let pending: Entry[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;

  async function write(): Promise<void> {
    const batch = pending;
    pending = [];
    if (batch.length === 0) return;
    try {
      await sql.query(insert, columnsOf(batch));
    } catch (error) {
      onError(error);
      pending = [...batch, ...pending].slice(-keepAtMost);
      schedule(retryAfterMs);
    }
  }

  function schedule(ms: number): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      void flush();
    }, ms);
  }

  async function flush(): Promise<void> {
    await writing;
    writing = write();
    await writing;
  }

  app.addHook('onResponse', async (request, reply) => {
    const [path = '', ...rest] = request.url.split('?');
    if (unlogged.test(path)) return;
    const { caller } = request;
    pending.push({
      at: new Date(Date.now() - reply.elapsedTime).toISOString(),
      method: request.method,
      path: path.slice(0, 2_000),
      query: rest.length === 0 ? null : rest.join('?').slice(0, 2_000),
      route: routeOf(request.routeOptions.url),
      status: reply.statusCode,
      userId: caller?.userId ?? null,
      actor: caller?.email ?? request.signInAs,
      act: caller?.act ?? null,
      duration: reply.elapsedTime,
      agent: request.headers['user-agent']?.slice(0, 500) ?? null,
    });
    schedule(flushAfterMs);
  });

  app.addHook('onClose', async () => {
    clearTimeout(timer);
    await flush();
    clearTimeout(timer);
  });
}

/** As OpenAPI writes it: /customers/{id}. */
export function routeOf(url: string | undefined): string | null {
  return url?.replace(/:(\w+)/g, '{$1}') ?? null;
}

const insert = `
  insert into observability.access_log (at, method, path, query, route, status, user_id, actor, act, duration_ms, user_agent)
  select e.at, e.method, e.path, e.query, e.route, e.status, e.user_id, coalesce(e.actor, u.email, e.user_id::text), e.act, e.duration, e.agent
    from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::uuid[],
                $8::text[], $9::text[], $10::real[], $11::text[]) with ordinality
         as e(at, method, path, query, route, status, user_id, actor, act, duration, agent, number)
    left join public.users u on u.id = e.user_id
   order by e.number`;

function columnsOf(batch: readonly Entry[]): unknown[] {
  const column = (key: keyof Entry) => batch.map((entry) => entry[key]);
  return [
    'at',
    'method',
    'path',
    'query',
    'route',
    'status',
    'userId',
    'actor',
    'act',
    'duration',
    'agent',
  ].map((key) => column(key as keyof Entry));
}
