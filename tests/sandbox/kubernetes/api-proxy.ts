/** A proxy in front of a cluster's API that fails as an API does on a bad day. */
import { once } from 'node:events';
import { createServer, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { createTransport } from '../../../src/sandbox/kubernetes/client-transport.ts';

export interface ApiProxy {
  readonly url: string;
  readonly config: KubeConfig;
  /** The next requests are answered so, in the place of the API. */
  failNext(count: number, status: number, headers?: OutgoingHttpHeaders): void;
  /** The next requests have their connection cut. */
  cutNext(count: number): void;
  /** All connections are cut. */
  cutAll(): void;
  failed(): number;
  close(): Promise<void>;
}

export async function startApiProxy(real: KubeConfig): Promise<ApiProxy> {
  const agents = new Map();
  const transport = createTransport(real, agents);
  const sockets = new Set<Socket>();
  let plan: ((response: ServerResponse) => void)[] = [];
  let failures = 0;

  const server = createServer(async (request, response) => {
    const planned = plan.shift();
    if (planned !== undefined) return planned(response);
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const text = Buffer.concat(pieces).toString();
    const leaving = new AbortController();
    response.once('close', () => leaving.abort());
    try {
      const answer = await transport.open(
        {
          method: request.method as 'GET',
          path: request.url ?? '/',
          ...(text === '' ? {} : { body: JSON.parse(text) as object }),
          contentType: request.headers['content-type'] ?? 'application/json',
        },
        leaving.signal,
      );
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      for await (const piece of answer) response.write(piece);
      response.end();
    } catch {
      response.destroy();
    }
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'proxy', server: url, skipTLSVerify: true }, { name: 'nobody' });
  const cutAll = () => {
    for (const socket of sockets) socket.destroy();
  };

  return {
    url,
    config,
    failNext(count, status, headers = {}) {
      plan = Array.from({ length: count }, () => (response: ServerResponse) => {
        failures++;
        const told = { kind: 'Status', code: status, reason: 'Planned', message: 'as planned' };
        response.writeHead(status, { 'content-type': 'application/json', ...headers });
        response.end(JSON.stringify(told));
      });
    },
    cutNext(count) {
      plan = Array.from({ length: count }, () => (response: ServerResponse) => void response.destroy());
    },
    cutAll,
    failed: () => failures,
    async close() {
      server.close();
      cutAll();
      for (const agent of agents.values()) agent.destroy();
    },
  };
}
