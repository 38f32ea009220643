/**
 * WebSockets into labs. Everything that can be refused is refused before the upgrade, as any other request would be; what
 * is upgraded has its terminal or its connection already.
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import type { AuditEntry } from '../lab/audit.ts';
import { LabError } from '../lab/errors.ts';
import type { Caller } from '../lab/lab-service.ts';
import type { ServicePort } from '../lab/ports.ts';
import { parseServicePort, servicePortText } from '../lab/service-port.ts';
import type { PageCodes } from '../proxy/page-codes.ts';
import { type Bounds, mostOpen, bounds as realBounds } from '../terminal/bounds.ts';
import { closingCodes, protocolOf, type WayKind } from '../terminal/protocol.ts';
import { type Inside, type Relay, relay } from '../terminal/relay.ts';
import { createSeats } from '../terminal/seats.ts';
import { createStays } from '../terminal/stays.ts';
import type { Way, Ways } from '../terminal/ways.ts';
import { recordOrLog } from './audit.ts';
import { type Authenticator, callerOf, refuseTokenInUrl } from './auth.ts';
import type { AppDeps } from './deps.ts';

export interface LabSocketDeps {
  readonly ways: Ways;
  readonly codes: PageCodes;
  /** Default: those of `src/terminal/bounds.ts`. */
  readonly bounds?: Partial<Bounds>;
}

interface Asked {
  readonly params: { readonly id: string; readonly component: string };
  readonly query: {
    readonly code?: string | undefined;
    readonly place?: string | undefined;
    readonly service?: string | undefined;
  };
}

export type SocketRequest = FastifyRequest & Asked;

interface Prepared {
  readonly caller: Caller;
  readonly way: Way;
  readonly inside: Inside;
  readonly give: () => void;
}

export interface LabSockets {
  /** An `onRequest` hook: a bearer token, or a code that was given for this way. */
  authenticate(request: FastifyRequest, kind: WayKind): Promise<void>;
  /** Finds and opens what an upgrade asks for. Throws LabError, and has opened nothing then. */
  prepare(
    request: SocketRequest,
    kind: WayKind,
    open: (way: Way, signal: AbortSignal) => Promise<Inside>,
  ): Promise<void>;
  /** After the upgrade. */
  serve(socket: WebSocket, request: FastifyRequest): void;
  /** A code with which a browser, which can send no token, opens this way once. */
  issue(
    caller: Caller,
    kind: WayKind,
    at: Asked['params'],
    service: ServicePort | null,
  ): Promise<{ readonly code: string; readonly expiresAt: Date; readonly place: string }>;
  /** Ends all that are open. */
  close(): void;
}

const codeSeconds = 30;
const openWithinMs = 15_000;
/** How often a use is noted, and a token looked at again. */
const noteMs = 10_000;

export function createLabSockets(
  deps: AppDeps,
  { ways, codes, bounds: weaker }: LabSocketDeps,
  authenticator: Authenticator,
): LabSockets {
  const bounds = { ...realBounds, ...weaker };
  const seats = {
    terminal: createSeats('terminals', mostOpen.terminal),
    tunnel: createSeats('tunnels', mostOpen.tunnel),
  };
  const stays = createStays(ways, deps.clock, bounds.lookMs);
  const prepared = new WeakMap<FastifyRequest, Prepared>();
  const open = new Map<Relay, Prepared>();

  const record = ({ caller, way, inside }: Prepared, action: string, more: AuditEntry['detail'] = {}) =>
    recordOrLog(deps.audit, deps.log, {
      actor: caller.subject,
      role: caller.role,
      action: `${inside.kind}.${action}`,
      target: way.labId,
      outcome: 'done',
      detail: {
        component: way.component,
        ...(way.service === null ? {} : { service: servicePortText(way.service) }),
        ...more,
      },
    });

  /** The lab's own log tells its trainee who else was in it; of the connections of one tunnel only the first. */
  async function tellVisit({ caller, way, inside }: Prepared): Promise<void> {
    const { labId, component, trainee } = way;
    if (caller.subject === trainee) return;
    const isIn = [...open.values()].some(
      (one) =>
        one.inside.kind === 'tunnel' &&
        one.caller.subject === caller.subject &&
        one.way.labId === labId &&
        one.way.component === component,
    );
    if (inside.kind === 'tunnel' && isIn) return;
    const data = { component, by: caller.subject, through: inside.kind };
    await deps.events.appendEvents(labId, [{ type: 'lab.visited', data }]);
  }

  return {
    async authenticate(request, kind) {
      refuseTokenInUrl(request);
      const { code, service } = request.query as Asked['query'];
      if (!request.ws || typeof code !== 'string' || request.headers.authorization !== undefined)
        return authenticator.authenticate(request);
      const { id, component } = request.params as Asked['params'];
      const entry = await codes.redeem(code);
      // What is for a page, or for something else of the lab, opens nothing here.
      if (entry === null || entry.labId !== id || entry.component !== placeOfCode(kind, component, service)) {
        throw new LabError('unauthenticated', 'This code was used, is too old, or is for something else.', {
          extra: { reason: 'invalid' },
        });
      }
      const { role, subject } = entry;
      const now = deps.now();
      const never = { expiresAt: null, revokedAt: null, lastUsedAt: null };
      request.token = {
        id: 'code',
        name: 'code',
        state: 'valid',
        role,
        subject,
        class: null,
        createdAt: now,
        ...never,
      };
    },

    async prepare(request, kind, openIt) {
      if (!request.ws) return;
      requireOwnOrigin(request);
      requireProtocol(request, kind);
      const caller = callerOf(request);
      const { id, component } = request.params;
      await deps.labs.use(caller, id);
      const { service } = request.query;
      const port = service === undefined ? null : parseServicePort(service, 'service');
      const way = await ways.find(caller, id, component, kind, port);
      if (request.query.place !== undefined && request.query.place !== way.place) {
        throw new LabError('conflict', `Lab "${id}" was reset since: what was there at "place" is gone.`);
      }
      const give = seats[kind].take(id);
      try {
        const { raw } = request;
        const left = new AbortController();
        raw.socket.once('close', () => left.abort());
        const inside = await within(openIt, way, left.signal);
        inside.stream.on('error', () => undefined);
        const one: Prepared = { caller, way, inside, give };
        prepared.set(request, one);
        // An upgrade that comes to nothing leaves nothing behind.
        const drop = () => {
          if (!prepared.delete(request)) return;
          inside.stream.destroy();
          give();
        };
        raw.socket.once('close', drop);
        if (raw.socket.destroyed) drop();
        await tellVisit(one);
        await record(one, 'open');
      } catch (thrown) {
        prepared.get(request)?.inside.stream.destroy();
        prepared.delete(request);
        give();
        throw thrown;
      }
    },

    serve(socket, request) {
      const one = prepared.get(request);
      prepared.delete(request);
      if (one === undefined) return socket.terminate();
      const { caller, way, inside, give } = one;
      const started = performance.now();
      const why = () => stays.look(caller, way, inside.kind);
      const running = relay(socket, { ...inside, why }, bounds);
      open.set(running, one);
      const unwatch = stays.watch(caller, way, inside.kind, running.close);
      let noted = -1;
      const look = () => {
        if (running.passed() !== noted) void deps.labs.use(caller, way.labId);
        noted = running.passed();
        if (request.headers.authorization === undefined) return;
        authenticator.authenticate(request).catch((thrown: unknown) => {
          if (!(thrown instanceof LabError) || thrown.status !== 401) return;
          running.close({ code: closingCodes.refused, reason: 'the token has expired or was revoked' });
        });
      };
      look();
      const looking = setInterval(look, noteMs);
      looking.unref();
      void running.over.then(async ({ closing, bytesIn, bytesOut }) => {
        clearInterval(looking);
        unwatch();
        open.delete(running);
        give();
        const seconds = Math.round((performance.now() - started) / 1000);
        await record(one, 'close', { seconds, bytesIn, bytesOut, code: closing.code, why: closing.reason });
      });
    },

    async issue(caller, kind, { id, component }, service) {
      await deps.labs.use(caller, id);
      const { place } = await ways.find(caller, id, component, kind, service);
      const { role, subject } = caller;
      const of = service === null ? undefined : servicePortText(service);
      const entry = { labId: id, component: placeOfCode(kind, component, of), role, subject };
      return { ...(await codes.issue(entry, codeSeconds)), place };
    },

    close() {
      stays.close();
      for (const running of open.keys()) {
        running.close({ code: closingCodes.serverStops, reason: 'the server stops' });
      }
    },
  };
}

/** No component's name holds a colon: a code for a page is none for this. */
const placeOfCode = (kind: WayKind, component: string, service: string | undefined) =>
  service === undefined ? `${kind}:${component}` : `${kind}:${component}:${service}`;

const socketPath = /^\/api\/v1\/labs\/[^/?]+\/(terminal|tunnel)\/[^/?]+(\?|$)/;

/** Whether a request may become something else than HTTP; all others are answered as if they had not asked. */
export function mayUpgrade({ url = '', headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket' && socketPath.test(url);
}

/** Browsers let any page open a WebSocket anywhere and say which page it was; others than browsers say nothing. */
function requireOwnOrigin({ headers }: FastifyRequest): void {
  const { origin, host } = headers;
  if (origin === undefined) return;
  if (URL.canParse(origin) && new URL(origin).host === host?.toLowerCase()) return;
  throw new LabError('forbidden', 'A page of another origin may not do this.');
}

function requireProtocol({ headers }: FastifyRequest, kind: WayKind): void {
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
  if (offered.includes(protocolOf[kind])) return;
  const found = headers['sec-websocket-protocol'] === undefined ? 'none' : 'others';
  throw new LabError(
    'bad_request',
    `Sec-WebSocket-Protocol: found ${found}; allowed is ${protocolOf[kind]}.`,
  );
}

async function within(
  open: (way: Way, signal: AbortSignal) => Promise<Inside>,
  way: Way,
  left: AbortSignal,
): Promise<Inside> {
  const late = AbortSignal.timeout(openWithinMs);
  try {
    return await open(way, AbortSignal.any([left, late]));
  } catch (thrown) {
    if (thrown instanceof LabError || !late.aborted) throw thrown;
    throw new LabError('timed_out', `Component "${way.component}" was not reached in time.`, {
      cause: thrown,
    });
  }
}
