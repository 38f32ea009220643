/** Requests that are more, or other, than a route takes. */
import { createServer } from 'node:http';
import { createServer as createTcp } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEventHub } from '../../../src/http/event-hub.ts';
import { html, textOf, trusted } from '../../../src/web/html.ts';
import { layout } from '../../../src/web/layout.ts';
import { type Attack, attack, outcome } from '../attack.ts';
import { exchangeBytes, toLoopback } from '../http/naive-client.ts';
import { type ApiWorld, ask, done, withServer } from './world.ts';

const deep = `{"value":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
const script = '<script>alert(1)</script><img src=x onerror=alert(2)>';
const smuggled =
  'POST /api/v1/labs HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n';

/** What follows its children by calling itself. */
const depthOf = (value: unknown): number =>
  Array.isArray(value) ? 1 + Math.max(0, ...value.map(depthOf)) : 0;

/** Listens for as long as `work` takes. */
async function listening<T>(
  server: ReturnType<typeof createServer> | ReturnType<typeof createTcp>,
  work: (port: number) => Promise<T>,
): Promise<T> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  try {
    return await work(port);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

export const requests: readonly Attack<ApiWorld>[] = [
  attack<ApiWorld>({
    family: 'api',
    name: 'fields in a body that nobody asked for',
    defence: 'bodies are strict: an unknown field is refused',
    off: 'a route that takes a body as the change',
    async run({ call, tokens: { ann }, lab }) {
      const asked: readonly (readonly [string, object])[] = [
        ['/labs', { template: 'first-steps', role: 'admin' }],
        ['/labs', { template: 'first-steps', phase: 'ready' }],
        ['/labs', { template: 'first-steps', params: { key: 'x' } }],
        [`/labs/${lab}/extend`, { minutes: 1, maxExpiresAt: '2099-01-01' }],
        [`/labs/${lab}/attempts`, { points: 100 }],
        [`/labs/${lab}/attempts`, { results: [], final: true }],
        [`/labs/${lab}/help`, { message: 'x', answer: 'y' }],
      ];
      const answers = await Promise.all(
        asked.map(([path, body]) => call(ann, 'POST', `/api/v1${path}`, { body })),
      );
      return outcome(
        answers.some(({ status }) => status !== 422),
        answers,
      );
    },
    control: () =>
      withServer(
        {},
        (app) => app.post('/labs', async ({ body }) => ({ phase: 'requested', ...(body as object) })),
        async (url) => {
          const { text } = await ask(`${url}/labs`, null, 'POST', { body: { phase: 'ready' } });
          return outcome(text.includes('"phase":"ready"'), text);
        },
      ),
  }),
  attack<ApiWorld>({
    family: 'api',
    name: 'a prototype in a body',
    defence: 'a body that names __proto__ or constructor.prototype is refused before anything reads it',
    off: 'a parser that lets it through to somebody who copies key by key',
    async run({ call, tokens: { ann } }) {
      const bodies = [
        '{"template":"first-steps","__proto__":{"role":"admin"}}',
        '{"template":"first-steps","constructor":{"prototype":{"role":"admin"}}}',
        '{"template":"first-steps","\\u005f_proto__":{"role":"admin"}}',
      ];
      const answers = await Promise.all(bodies.map((body) => call(ann, 'POST', '/api/v1/labs', { body })));
      const polluted = 'role' in {};
      return outcome(polluted || answers.some(({ status }) => status >= 500 || status < 400), answers);
    },
    control: () =>
      withServer(
        { onProtoPoisoning: 'ignore' },
        (app) =>
          app.post('/labs', async ({ body }) => {
            const copy: Record<string, unknown> = {};
            for (const [key, value] of Object.entries(body as object)) copy[key] = value;
            return { role: copy.role };
          }),
        async (url) => {
          const { text } = await ask(`${url}/labs`, null, 'POST', { body: '{"__proto__":{"role":"admin"}}' });
          return outcome(text.includes('admin'), text);
        },
      ),
  }),
  attack<ApiWorld>({
    family: 'api',
    name: 'a body that is larger than anything asked for',
    defence: 'a body of more than 256 KiB is not read',
    off: 'the same server with a limit of 64 MiB',
    async run({ call, tokens: { ann }, lab }) {
      const body = { value: 'x'.repeat(1_000_000) };
      const { status, text } = await call(ann, 'PUT', `/api/v1/labs/${lab}/answers/why`, { body });
      return outcome(status !== 413, text);
    },
    control: () =>
      withServer(
        { bodyLimit: 64 * 1024 * 1024 },
        (app) => app.put('/answer', async ({ body }) => ({ length: JSON.stringify(body).length })),
        async (url) => {
          const { text } = await ask(`${url}/answer`, null, 'PUT', {
            body: { value: 'x'.repeat(1_000_000) },
          });
          return outcome(/"length":1000\d+/.test(text), text);
        },
      ),
  }),
  attack<ApiWorld>({
    family: 'api',
    name: 'a body that is nested deeper than the stack',
    defence: 'a schema says how deep a body may be, and looks no deeper',
    off: 'a route that goes down into whatever comes',
    async run({ call, tokens: { ann }, lab }) {
      const { status, text } = await call(ann, 'PUT', `/api/v1/labs/${lab}/answers/why`, { body: deep });
      return outcome(status !== 422 && status !== 400, text);
    },
    control: () =>
      withServer(
        { bodyLimit: 1_000_000 },
        (app) =>
          app.put('/answer', async ({ body }) => ({ depth: depthOf((body as { value: unknown }).value) })),
        async (url) => {
          const { status, text } = await ask(`${url}/answer`, null, 'PUT', { body: deep });
          return outcome(status === 500, text);
        },
      ),
  }),
  attack<ApiWorld>({
    family: 'api',
    name: 'a body that says it is something else',
    defence: 'bodies are JSON and say so',
    off: 'a parser for every type',
    async run({ call, tokens: { ann } }) {
      const types = [
        'text/plain',
        'application/xml',
        'application/json-patch+json',
        'application/jsonx',
        '*/*',
      ];
      const body = '{"template":"first-steps"}';
      const answers = await Promise.all(
        types.map((type) => call(ann, 'POST', '/api/v1/labs', { body, headers: { 'content-type': type } })),
      );
      return outcome(
        answers.some(({ status }) => status !== 415),
        answers,
      );
    },
    control: () =>
      withServer(
        {},
        (app) => {
          app.addContentTypeParser('*', { parseAs: 'string' }, (_, body, next) =>
            next(null, JSON.parse(String(body))),
          );
          app.post('/labs', async ({ body }) => body);
        },
        async (url) => {
          const headers = { 'content-type': 'application/xml' };
          const { text } = await ask(`${url}/labs`, null, 'POST', { body: '{"template":"x"}', headers });
          return outcome(text.includes('"template":"x"'), text);
        },
      ),
  }),
  attack<ApiWorld>({
    family: 'api',
    name: 'another method in a header',
    defence: 'the method of a request is the one of its first line',
    off: 'a server that takes the header for it',
    async run({ call, tokens: { ann }, lab, http }) {
      const headers = {
        'x-http-method-override': 'DELETE',
        'x-http-method': 'DELETE',
        'x-method-override': 'DELETE',
      };
      await call(ann, 'GET', `/api/v1/labs/${lab}?_method=DELETE`, { headers });
      await call(ann, 'POST', `/api/v1/labs/${lab}`, { headers, body: { _method: 'DELETE' } });
      const { lab: now } = await http.store.getLab(lab);
      return outcome(now?.phase !== 'ready', now?.phase);
    },
    control: () => {
      const server = createServer((request, response) =>
        response.end(request.headers['x-http-method-override'] ?? request.method),
      );
      return listening(server, async (port) => {
        const headers = { 'x-http-method-override': 'DELETE', connection: 'close' };
        const { text } = await ask(`http://127.0.0.1:${port}/`, null, 'GET', { headers });
        return outcome(text === 'DELETE', text);
      });
    },
  }),
  attack<ApiWorld>({
    family: 'api',
    name: 'line breaks in a path, for a header of the answer',
    defence: 'nothing of a caller’s gets into a header, and ids are of few characters',
    off: 'a server that writes the path into Location as it comes',
    async run({ http, tokens: { ann } }) {
      const { port } = http.app.server.address() as { port: number };
      const path = '/api/v1/labs/x%0d%0aset-cookie:%20a=b%0d%0a';
      const sent = `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${ann}\r\n\r\n`;
      const text = await exchangeBytes(toLoopback(port), sent);
      return outcome(/^set-cookie:/im.test(text) || !text.startsWith('HTTP/1.1 4'), text);
    },
    control: () => {
      const server = createTcp((socket) =>
        socket.on('data', (chunk) => {
          const path = decodeURIComponent(String(chunk).split(' ')[1] ?? '');
          socket.end(`HTTP/1.1 302 Found\r\nlocation: ${path}\r\n\r\n`);
        }),
      );
      return listening(server, async (port) => {
        const text = await exchangeBytes(toLoopback(port), 'GET /x%0d%0aset-cookie:%20a=b HTTP/1.1\r\n\r\n');
        return outcome(/^set-cookie: a=b\r$/m.test(text), text);
      });
    },
  }),
  attack<ApiWorld>({
    family: 'api',
    name: 'a request that two servers would take for two',
    defence: 'a length and chunks at once are refused',
    off: 'the lenient parser',
    async run({ http }) {
      const { port } = http.app.server.address() as { port: number };
      const text = await exchangeBytes(toLoopback(port), smuggled);
      return outcome(!text.startsWith('HTTP/1.1 400 '), text);
    },
    control: () => {
      const server = createServer({ insecureHTTPParser: true }, (_, response) => response.end('taken'));
      return listening(server, async (port) => {
        const text = await exchangeBytes(toLoopback(port), smuggled);
        return outcome(text.startsWith('HTTP/1.1 200 '), text);
      });
    },
  }),
  attack<ApiWorld>({
    family: 'api',
    name: 'a path out of the API in the place of an id',
    defence: 'ids have no slashes, encoded or not, and files are never found by them',
    off: 'a route that joins the id to a folder',
    async run({ call, tokens: { teacher } }) {
      const ids = ['..%2f..%2fhealthz', '%2e%2e%2f%2e%2e%2fetc%2fpasswd', '..%5c..%5cx', '%00', '.%2e'];
      const paths = ids.flatMap((id) => [
        `/api/v1/labs/${id}`,
        `/api/v1/templates/${id}`,
        `/api/v1/programs/${id}`,
      ]);
      const answers = await Promise.all(paths.map((path) => call(teacher, 'GET', path)));
      return outcome(
        answers.some((answer) => done(answer) || answer.status >= 500),
        answers,
      );
    },
    control: () =>
      withServer(
        {},
        (app) =>
          app.get(
            '/files/:id',
            async ({ params }) => new URL((params as { id: string }).id, 'file:///srv/labs/').pathname,
          ),
        async (url) => {
          const { text } = await ask(`${url}/files/..%2f..%2fetc%2fpasswd`, null, 'GET');
          return outcome(text === '/etc/passwd', text);
        },
      ),
  }),
  attack<ApiWorld>({
    family: 'api',
    name: 'a script in a name, in an answer, in a call for help',
    defence:
      'pages escape what they are given and allow no script; what people wrote is only ever sent as JSON',
    off: 'a page that takes it for its own text',
    async run({ call, tokens: { ann, teacher }, http, lab }) {
      const named = await http.token('trainee', script);
      await call(ann, 'POST', `/api/v1/labs/${lab}/help`, { body: { message: script } });
      await call(ann, 'PUT', `/api/v1/labs/${lab}/answers/why`, { body: { value: script } });
      const html_ = { accept: 'text/html' };
      const page = await call(null, 'GET', `/${encodeURIComponent(script)}`, { headers: html_ });
      const data = await Promise.all([
        call(teacher, 'GET', '/api/v1/help', { headers: html_ }),
        call(named, 'GET', '/api/v1/me', { headers: html_ }),
        call(ann, 'GET', `/api/v1/labs/${lab}/progress`, { headers: html_ }),
      ]);
      const runs =
        page.text.includes('<script') ||
        page.text.includes('<img') ||
        !page.headers.get('content-security-policy')?.startsWith("default-src 'none'") ||
        data.some(({ headers }) => !headers.get('content-type')?.includes('json')) ||
        data.some(({ headers }) => headers.get('x-content-type-options') !== 'nosniff') ||
        // It is there: what is looked at is what came of it.
        !data[0]?.text.includes('<script>');
      return outcome(runs, [page.text.slice(-600), data.map(({ headers }) => [...headers])]);
    },
    async control() {
      const page = textOf(layout('x', html`<p>${trusted(script)}</p>`));
      return outcome(page.includes('<script>alert(1)</script>'), page.slice(-300));
    },
  }),
  attack<ApiWorld>({
    family: 'api',
    name: 'more event streams than a server has connections',
    defence: 'one person has at most fifty streams',
    off: 'streams that are not counted',
    async run({ url, tokens: { ann }, lab }) {
      const leave = new AbortController();
      const open = () =>
        fetch(`${url}/api/v1/labs/${lab}/events`, {
          headers: { authorization: `Bearer ${ann}` },
          signal: leave.signal,
        });
      const opened = await Promise.all(Array.from({ length: 60 }, open));
      leave.abort();
      const streams = opened.filter(({ status }) => status === 200).length;
      return outcome(streams > 50, streams);
    },
    async control() {
      const clock = { sleep: (ms: number, signal?: AbortSignal) => sleep(ms, undefined, { signal }) };
      const events = { eventsSince: async () => [] };
      const hub = createEventHub({ events, clock, tickMs: 50, heartbeatMs: 1e6, onError: () => {} });
      const sink = { ready: () => true, take: () => {}, beat: () => {}, end: () => {} };
      const leaves = Array.from({ length: 200 }, () => hub.subscribe('lab', 0, sink));
      hub.close();
      return outcome(leaves.length > 50, leaves.length);
    },
  }),
];
