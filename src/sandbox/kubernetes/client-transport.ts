/**
 * Single requests to the API. Its sockets are kept: the client library's own transport opens a TLS connection for each
 * request, which costs more than the request.
 */
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { currentCluster } from './client-config.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly body?: object;
  /** Absent: application/json. */
  readonly contentType?: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Transport {
  readonly url: string;
  /** Any status is an answer. Throws what the socket throws. */
  ask(request: ApiRequest, signal: AbortSignal): Promise<ApiAnswer>;
  /** The answer's head is there, and its body comes as it is told. */
  open(request: ApiRequest, signal: AbortSignal): Promise<IncomingMessage>;
  /** Credentials are read anew at the next request. */
  refresh(): void;
}

/** Tokens that are files, or come from a program, change. */
const credentialsMs = 60_000;
const sockets = 64;

/** By what they show of themselves in TLS; tokens are told in each request. */
export type Agents = Map<string, HttpAgent>;

/** @param agents shared by those who speak to one cluster with other tokens. */
export function createTransport(config: KubeConfig, agents: Agents): Transport {
  const { server, proxyUrl } = currentCluster(config);
  const base = new URL(server);
  const isPlain = base.protocol === 'http:';
  const settings = { keepAlive: true, maxSockets: sockets, scheduling: 'lifo' } as const;
  let credentials: { readonly options: RequestOptions; readonly until: number } | null = null;

  function agentFor({ ca, cert, key, rejectUnauthorized, servername }: RequestOptions): HttpAgent {
    const identity = [ca, cert, key, rejectUnauthorized, servername].map(String).join('\n');
    const agent = agents.get(identity) ?? (isPlain ? new HttpAgent(settings) : new HttpsAgent(settings));
    agents.set(identity, agent);
    return agent;
  }

  async function optionsNow(): Promise<RequestOptions> {
    if (credentials !== null && performance.now() < credentials.until) return credentials.options;
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    // The library's own agent knows the way through a proxy, and closes each connection.
    if (!proxyUrl) options.agent = agentFor(options);
    credentials = { options, until: performance.now() + credentialsMs };
    return options;
  }

  async function open(request: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const options = await optionsNow();
    const body = request.body === undefined ? null : Buffer.from(JSON.stringify(request.body));
    const headers = {
      ...options.headers,
      accept: 'application/json',
      'user-agent': 'labwright',
      ...(body === null
        ? {}
        : {
            'content-type': request.contentType ?? 'application/json',
            'content-length': String(body.byteLength),
          }),
    };
    const { hostname, port, pathname } = base;
    const path = pathname.replace(/\/$/, '') + request.path;
    return new Promise<IncomingMessage>((resolve, reject) => {
      const send = isPlain ? httpRequest : httpsRequest;
      const sent: ClientRequest = send({
        ...options,
        ...{ hostname: hostname.replace(/^\[|\]$/g, ''), port, path, headers, signal },
        method: request.method,
      });
      sent.once('response', resolve);
      sent.once('error', reject);
      sent.end(body ?? undefined);
    });
  }

  return {
    url: server,
    open,
    async ask(request, signal) {
      const answer = await open(request, signal);
      const pieces: Buffer[] = [];
      for await (const piece of answer) pieces.push(piece as Buffer);
      return {
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        body: Buffer.concat(pieces).toString('utf8'),
      };
    },
    refresh: () => {
      credentials = null;
    },
  };
}
