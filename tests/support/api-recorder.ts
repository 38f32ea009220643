/** A proxy in front of a cluster's API that notes what it is asked, verb by verb, as RBAC sees it. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request as plainRequest } from 'node:http';
import { type RequestOptions, request as tlsRequest } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { KubeConfig } from '@kubernetes/client-node';

export interface ApiCall {
  readonly group: string;
  /** With its part: `pods/exec`. */
  readonly resource: string;
  readonly verb: string;
  readonly status: number;
  readonly path: string;
}

export interface ApiRecorder {
  readonly url: string;
  /** Of those who showed this token. */
  calls(token: string): readonly ApiCall[];
  close(): Promise<void>;
}

/** Callers say themselves who they are: their Authorization is handed on. */
export async function startApiRecorder(real: KubeConfig): Promise<ApiRecorder> {
  const target = new URL(real.getCurrentCluster()?.server ?? '');
  const trusted: RequestOptions = {};
  await real.applyToHTTPSOptions(trusted);
  const { ca } = trusted;
  const noted: (ApiCall & { readonly token: string })[] = [];
  const sockets = new Set<Socket>();

  function note(request: IncomingMessage, status: number): void {
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    const call = callOf(request.method ?? 'GET', request.url ?? '/');
    if (call !== null) noted.push({ ...call, status, path: request.url ?? '/', token });
  }

  function handOn(request: IncomingMessage) {
    const send = target.protocol === 'http:' ? plainRequest : tlsRequest;
    return send({
      ...{ hostname: target.hostname, port: target.port, method: request.method, path: request.url },
      headers: { ...request.headers, host: target.host },
      ...(ca === undefined ? {} : { ca }),
    });
  }

  const server = createServer((request, response) => {
    const onward = handOn(request);
    request.pipe(onward);
    onward.on('response', (answer) => {
      note(request, answer.statusCode ?? 0);
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
  });
  // Programs in pods and their ports are WebSockets.
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const onward = handOn(request);
    onward.on('upgrade', (answer, upstream, first) => {
      note(request, 101);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${rawHeaders(answer)}\r\n`);
      socket.write(first);
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
      upstream.on('error', () => socket.destroy());
      upstream.on('close', () => socket.destroy());
      socket.on('close', () => upstream.destroy());
    });
    onward.on('response', (answer) => {
      note(request, answer.statusCode ?? 0);
      socket.write(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n${rawHeaders(answer)}\r\n`);
      answer.pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
    onward.end();
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: (token) => noted.filter((one) => one.token === token),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Null: not about resources, such as `/version`, which every account may ask. */
export function callOf(method: string, url: string): Omit<ApiCall, 'status' | 'path'> | null {
  const { pathname, searchParams } = new URL(url, 'http://api');
  const parts = pathname.split('/').filter((part) => part !== '');
  const [root, ...rest] = parts;
  const group = root === 'apis' ? (rest[0] ?? '') : '';
  const inVersion = root === 'api' ? rest.slice(1) : root === 'apis' ? rest.slice(2) : [];
  if (inVersion.length === 0) return null;
  // /namespaces/x/pods/y/exec, but /namespaces/x is a namespace.
  const isInside = inVersion[0] === 'namespaces' && inVersion.length > 2 && inVersion[2] !== 'finalize';
  const [resource = '', name, part] = isInside ? inVersion.slice(2) : inVersion;
  const verb = verbOf(method, name !== undefined, searchParams.get('watch') === 'true');
  return { group, resource: part === undefined ? resource : `${resource}/${part}`, verb };
}

function verbOf(method: string, isNamed: boolean, isWatch: boolean): string {
  if (method === 'POST') return 'create';
  if (method === 'PUT') return 'update';
  if (method === 'PATCH') return 'patch';
  if (method === 'DELETE') return isNamed ? 'delete' : 'deletecollection';
  return isNamed ? 'get' : isWatch ? 'watch' : 'list';
}

function rawHeaders({ rawHeaders: raw }: IncomingMessage): string {
  let text = '';
  for (let at = 0; at < raw.length; at += 2) text += `${raw[at]}: ${raw[at + 1]}\r\n`;
  return text;
}
