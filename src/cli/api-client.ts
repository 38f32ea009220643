/** The HTTP API as commands use it: JSON in and out, problems thrown as CliError. */
import { CliError } from './cli-error.ts';
import { exitOfStatus } from './exit-codes.ts';

export interface ApiRequest {
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

export interface ServerEvent {
  readonly id: string | null;
  readonly event: string;
  readonly data: unknown;
}

export interface ApiClient {
  readonly url: string;
  /** Throws CliError with the server's own words; `unavailable` when there is no server. */
  call<T>(method: string, path: string, request?: ApiRequest): Promise<T>;
  /** The body as it arrives, for what is too large to be held. Throws as `call`. */
  download(path: string, request?: ApiRequest): Promise<AsyncIterable<Uint8Array>>;
  /** Server-sent events until the server or `signal` ends them. */
  events(path: string, signal: AbortSignal, after?: string): AsyncGenerator<ServerEvent>;
  /** Where a WebSocket of the API is opened, and with what. */
  upgrade(
    path: string,
    query: Readonly<Record<string, string>>,
  ): { readonly url: URL; readonly headers: Readonly<Record<string, string>> };
}

const base = '/api/v1';

export function createApiClient(url: string, token: string | null): ApiClient {
  async function send(method: string, path: string, request: ApiRequest, accept: string): Promise<Response> {
    const target = new URL(base + path, url);
    for (const [key, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) target.searchParams.set(key, String(value));
    }
    const headers: Record<string, string> = { accept };
    if (token !== null) headers.authorization = `Bearer ${token}`;
    if (request.body !== undefined) headers['content-type'] = 'application/json';
    if (request.idempotencyKey !== undefined) headers['idempotency-key'] = request.idempotencyKey;
    let response: Response;
    try {
      response = await fetch(target, {
        method,
        headers,
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      });
    } catch (error) {
      request.signal?.throwIfAborted();
      throw unreachable(url, error);
    }
    if (response.ok) return response;
    throw await refused(response, url);
  }

  return {
    url,
    upgrade(path, query) {
      const target = new URL(base + path, url.replace(/^http/, 'ws'));
      for (const [key, value] of Object.entries(query)) target.searchParams.set(key, value);
      return { url: target, headers: token === null ? {} : { authorization: `Bearer ${token}` } };
    },
    async call<T>(method: string, path: string, request: ApiRequest = {}): Promise<T> {
      const response = await send(method, path, request, 'application/json');
      return (response.status === 204 ? null : await response.json()) as T;
    },
    async download(path, request = {}) {
      const response = await send('GET', path, request, '*/*');
      return response.body ?? new Blob([]).stream();
    },
    async *events(path, signal, after) {
      const response = await send('GET', path, { signal, query: { after } }, 'text/event-stream');
      if (response.body === null) return;
      let buffer = '';
      for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
        buffer += chunk;
        const blocks = buffer.split(/\r?\n\r?\n/);
        buffer = blocks.pop() ?? '';
        for (const block of blocks) {
          const event = parseEvent(block);
          if (event !== null) yield event;
        }
      }
    },
  };
}

function parseEvent(block: string): ServerEvent | null {
  const fields = new Map<string, string>();
  for (const line of block.split(/\r?\n/)) {
    const match = /^(\w+):\s?(.*)$/.exec(line);
    if (match?.[1] === undefined) continue;
    const before = fields.get(match[1]);
    fields.set(match[1], before === undefined ? (match[2] ?? '') : `${before}\n${match[2] ?? ''}`);
  }
  const data = fields.get('data');
  if (data === undefined) return null;
  return { id: fields.get('id') ?? null, event: fields.get('event') ?? 'message', data: JSON.parse(data) };
}

function unreachable(url: string, error: unknown): CliError {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  const why = cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : String(error));
  return new CliError(
    'unavailable',
    'server_unreachable',
    `No Labwright answers at ${url} (${why}).\nStart one with \`labwright serve\`, or say where it is with LABWRIGHT_URL or --url.`,
    { url },
  );
}

async function refused(response: Response, url: string): Promise<CliError> {
  const text = await response.text().catch(() => '');
  let problem: Record<string, unknown> = {};
  try {
    problem = JSON.parse(text) as Record<string, unknown>;
  } catch {
    // Not ours: a proxy, or another program on that port.
  }
  if (typeof problem.code !== 'string') {
    return new CliError(
      'unavailable',
      'not_labwright',
      `What answers at ${url} is not Labwright: HTTP ${response.status}. Check LABWRIGHT_URL or --url.`,
      { url, status: response.status },
    );
  }
  const remedy =
    response.status === 401
      ? '\nGive a valid one with LABWRIGHT_TOKEN or --token; `labwright token create` makes one.'
      : '';
  return new CliError(
    exitOfStatus(response.status),
    problem.code,
    `${problem.detail ?? problem.title}${remedy}`,
    problem,
  );
}
