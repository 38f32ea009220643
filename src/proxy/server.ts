/**
 * The labs' own pages, on origins of their own. It knows hosts, cookies and streams; what a lab is and who may see it
 * is asked of the core. The control API does not listen here, and takes no cookie.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { asLabError, LabError } from '../lab/errors.ts';
import type { Log } from '../lab/log.ts';
import { forward, type Way } from './forward.ts';
import { cookieName, pathWithin, sessionCookie } from './headers.ts';
import { componentOf, parseHost } from './hosts.ts';
import type { PageCodes } from './page-codes.ts';
import type { PagesSource } from './pages.ts';
import { openSession, type Session, sealSession } from './session.ts';
import { forwardUpgrade, isOwnOrigin } from './upgrade.ts';

// Not imported: see `forward.ts`.
const { createServer } = process.getBuiltinModule('node:http');

export interface PagesDeps {
  readonly pages: PagesSource;
  readonly codes: Pick<PageCodes, 'redeem'>;
  /** What cookies are sealed with; derived from the installation's key. */
  readonly key: Uint8Array;
  /** Every lab's page is one level below it, such as `localhost` or `labs.example.org`. */
  readonly labsHost: string;
  /** Browsers come over TLS, which somebody before us ends. */
  readonly secure: boolean;
  readonly now: () => number;
  readonly log: Log;
}

export const enterPath = '/_labwright/enter';
const sessionMs = 8 * 3_600_000;

export interface PagesServer {
  /** Not listening yet. */
  readonly server: Server;
  /** Ends every connection. */
  close(): Promise<void>;
}

export function createPagesServer(deps: PagesDeps): PagesServer {
  const { labsHost, secure, key, now } = deps;

  /** The lab, the component and the way there. Throws LabError for who may not, or for what is not there. */
  async function wayOf(request: IncomingMessage): Promise<Way> {
    const session = await sessionOf(request);
    const { dial } = await deps.pages.of({ role: session.role, subject: session.subject }, session.labId);
    const host = request.headers.host ?? '';
    return { host, secure, dial: (signal) => dial(session.component, signal) };
  }

  async function sessionOf(request: IncomingMessage): Promise<Session> {
    const host = requireHost(request);
    const value = sessionCookie(request.headers.cookie, secure);
    const refused = new LabError('unauthenticated', 'Open this page from the lab: `labwright lab open`.');
    if (value === null) throw refused;
    const claimed = claimOf(value);
    // Whose component it is, is told by the cookie; that it is the host's is what counts.
    if (claimed === null || componentOf(host.label, [claimed]) === null) throw refused;
    const session = openSession(value, { labId: host.labId, component: claimed, now: now() }, key);
    if (session === null) throw refused;
    return session;
  }

  function requireHost(request: IncomingMessage) {
    const host = parseHost(request.headers.host, labsHost);
    if (host === null) throw new LabError('not_found', 'There is no lab on this host.');
    return host;
  }

  async function enter(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    if (request.method !== 'GET') throw new LabError('method_not_allowed', 'A page is entered with GET.');
    const host = requireHost(request);
    const entry = await deps.codes.redeem(url.searchParams.get('code') ?? '');
    if (entry === null || entry.labId !== host.labId || componentOf(host.label, [entry.component]) === null) {
      throw new LabError('unauthenticated', 'This link was used or is too old. Ask for another one.');
    }
    const sealed = sealSession({ ...entry, expiresAt: now() + sessionMs }, key);
    const flags = `Path=/; HttpOnly; SameSite=Lax; Max-Age=${sessionMs / 1000}${secure ? '; Secure' : ''}`;
    response.writeHead(303, {
      location: pathWithin(url.searchParams.get('to')),
      'set-cookie': `${cookieName(secure)}=${sealed}; ${flags}`,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    });
    response.end();
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    if (!path.startsWith('/_labwright/')) return forward(request, response, await wayOf(request));
    if (path === enterPath) return enter(request, response, new URL(request.url ?? '/', 'http://page'));
    throw new LabError('not_found', 'There is no such page.');
  }

  // Those that are no HTTP any more, of which the server knows nothing.
  const upgraded = new Set<Duplex>();
  const server = createServer({ requestTimeout: 0, headersTimeout: 15_000, maxHeaderSize: 16_384 });
  server.on('request', (request, response) => {
    serve(request, response).catch((thrown) => refuse(response, thrown, deps.log));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
    upgrade(request, socket, head).catch((thrown) => {
      const { status } = asLabError(thrown);
      socket.end(`HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    });
  });

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (!isOwnOrigin(request, secure)) throw new LabError('forbidden', 'Another page may not do this.');
    if (request.headers.upgrade?.toLowerCase() !== 'websocket')
      throw new LabError('bad_request', 'Only WebSocket.');
    await forwardUpgrade(request, socket, head, await wayOf(request));
  }
  return {
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of upgraded) socket.destroy();
      }),
  };
}

/** The component that a cookie claims; nothing is believed of it before its seal is checked. */
function claimOf(value: string): string | null {
  try {
    const body: unknown = JSON.parse(Buffer.from(value.split('.')[0] ?? '', 'base64url').toString('utf8'));
    const { component } = body as { readonly component?: unknown };
    return typeof component === 'string' ? component : null;
  } catch {
    return null;
  }
}

/** Plain text: nothing of the request is ever in it. */
function refuse(response: ServerResponse, thrown: unknown, log: Log): void {
  const error = asLabError(thrown);
  if (error.code === 'internal') log.error({ err: thrown }, 'a page of a lab could not be served');
  if (response.headersSent || response.destroyed) return void response.destroy();
  const text =
    error.code === 'internal' ? 'Something went wrong on our side. It has been logged.' : error.message;
  response.writeHead(error.status, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    connection: 'close',
  });
  response.end(`${text}\n`);
}
