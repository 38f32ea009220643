/** Getting the grader to ask somebody else, or something else, than its check says. */
import { fork } from 'node:child_process';
import { createFiller } from '../../../src/grading/values/fill.ts';
import { requestOf } from '../../../src/observers/http-request.ts';
import { bareServer, jsonReply, reply } from '../../support/misbehave.ts';
import { type Attack, attack, outcome } from '../attack.ts';
import { askFollowing, exchangeBytes, toLoopback } from './naive-client.ts';
import { gradeAccess, gradeServer, type HttpWorld, wonBy } from './world.ts';

/** Redirects of every kind; the place that stands for all others says what the check wants to see. */
function redirect(
  name: string,
  location: (controlPort: number) => string,
  wanted: (asked: readonly string[], text: string) => boolean,
  look: object = {},
): Attack<HttpWorld> {
  const answer = (world: HttpWorld) =>
    reply('307 Temporary Redirect', { location: location(world.control.access.port), 'content-length': 0 });
  return attack<HttpWorld>({
    family: 'http',
    name,
    defence: 'a look dials its component by name and follows no redirect',
    off: 'a client that follows',
    async run(world, signal) {
      const before = world.control.heads.length;
      const graded = await gradeServer(world, (socket) => socket.end(answer(world)), { look }, signal);
      const reached = world.control.heads.length > before;
      return reached ? outcome(true, world.control.heads.at(-1)) : wonBy(graded);
    },
    async control(world) {
      const server = await bareServer((socket) => socket.end(answer(world)));
      const { control } = world;
      const dial = (_host: string, port: number) =>
        toLoopback(port === server.access.port ? port : control.access.port);
      try {
        const headers = { authorization: 'Bearer of-the-grader' };
        const { asked } = await askFollowing(new URL(server.access.url), headers, dial);
        const head = control.heads.at(-1) ?? '';
        return outcome(wanted(asked, head), { asked, head });
      } finally {
        await server.stop();
      }
    },
  });
}

/** A look whose path or header holds what the trainee could choose, as the real filler and another encode it. */
const asked = { method: 'GET', path: '/public/{{params.name}}', headers: { 'x-lab': '{{params.name}}' } };
const fillerOf = (name: string) => createFiller({ params: { name } }, { missing: 'throw' });

export const ways: readonly Attack<HttpWorld>[] = [
  redirect(
    'a redirect to the control plane',
    (port) => `http://127.0.0.1:${port}/api/v1/labs`,
    (_, head) => head.startsWith('GET /api/v1/labs '),
  ),
  redirect(
    'a redirect to the metadata service of a cloud',
    () => 'http://169.254.169.254/latest/meta-data/iam/security-credentials/',
    (places) => places.includes('169.254.169.254:80'),
  ),
  redirect(
    'a redirect without a scheme to another host',
    () => '//internal.example/admin',
    (places) => places.includes('internal.example:80'),
  ),
  redirect(
    'a redirect that carries the token of the grader off',
    (port) => `http://127.0.0.1:${port}/collect`,
    (_, head) => head.includes('authorization: Bearer of-the-grader'),
    { auth: 'trainee' },
  ),
  attack<HttpWorld>({
    family: 'http',
    name: 'a proxy that the environment names',
    defence: 'a look has its own stream and asks no agent, which alone knows of proxies',
    off: 'a request by way of the agent of the process',
    run: (world) => throughProxy(world, 'look'),
    control: (world) => throughProxy(world, 'agent'),
  }),
  attack<HttpWorld>({
    family: 'http',
    name: 'a value that leads out of a path',
    defence: 'what is filled into a path is percent-encoded, and "..", which cannot be, is refused',
    off: 'a filler that takes text as it is',
    async run(world, signal) {
      const seen: string[] = [];
      for (const name of ['../admin', '..', 'x/../../admin', '..%2fadmin', '?all=true', '#']) {
        const look = { path: asked.path, params: { name } };
        await gradeServer(world, (s, head) => seen.push(lineOf(head)) && s.end(jsonReply({})), look, signal);
      }
      return outcome(seen.some(leads), seen);
    },
    async control() {
      const fill = fillerOf('../admin');
      const { path } = requestOf(asked, { host: 'x', port: 1 }, null, { ...fill, urlPath: fill.text });
      const line = `GET ${path} HTTP/1.1`;
      return outcome(leads(line), line);
    },
  }),
  attack<HttpWorld>({
    family: 'http',
    name: 'line breaks in a value that is filled into a header',
    defence: 'what is filled into a header has no control characters',
    off: 'a filler that takes text as it is, and a client that writes what it is given',
    async run(world, signal) {
      const heads: string[] = [];
      const keep = (socket: { end(data: Buffer): unknown }, head: string) => {
        heads.push(head);
        socket.end(jsonReply({}));
      };
      const name = 'a\r\nx-role: admin\r\n\r\nGET /second HTTP/1.1\r\nhost: x\r\n\r\n';
      const look = { look: { headers: asked.headers }, params: { name } };
      await gradeServer(world, keep, look, signal);
      return outcome(
        heads.some((head) => /^x-role|^GET \/second/m.test(head)),
        heads,
      );
    },
    async control() {
      const server = await bareServer((socket) => socket.end(jsonReply({})));
      try {
        const fill = fillerOf('a\r\nx-role: admin');
        const { headers } = requestOf({ ...asked, path: '/' }, server.access, null, {
          ...fill,
          header: fill.text,
        });
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
        await exchangeBytes(
          toLoopback(server.access.port),
          `GET / HTTP/1.1\r\nconnection: close\r\n${lines.join('')}\r\n`,
        );
        return outcome(/^x-role: admin\r$/m.test(server.heads[0] ?? ''), server.heads);
      } finally {
        await server.stop();
      }
    },
  }),
  attack<HttpWorld>({
    family: 'http',
    name: 'taking its own server down so that nobody can be blamed',
    defence: 'a component in the hands of the trainee that cannot be reached is theirs',
    off: 'the same component in our hands',
    run: async (world, signal) => wonBy(await gradeAbsent(world, 'trainee', signal)),
    control: async (world, signal) => wonBy(await gradeAbsent(world, 'platform', signal)),
  }),
];

const lineOf = (head: string) => head.slice(0, head.indexOf('\r\n'));

/** Whether a request line asks for something outside of `/public/`, or for more than its path. */
function leads(line: string): boolean {
  const path = line.split(' ')[1] ?? '';
  return !new URL(path, 'http://x').pathname.startsWith('/public/') || /[?#]/.test(path);
}

async function gradeAbsent(world: HttpWorld, custody: 'trainee' | 'platform', signal: AbortSignal) {
  const server = await bareServer((socket) => socket.end());
  await server.stop();
  return gradeAccess(world.judge, server.access, { custody }, signal);
}

/** In a process of its own, whose environment names the control plane as the proxy of everything. */
async function throughProxy({ control }: HttpWorld, client: 'look' | 'agent') {
  const server = await bareServer((socket) => socket.end(jsonReply({})));
  const before = control.heads.length;
  const proxy = control.access.url;
  const child = fork(new URL('./proxied.ts', import.meta.url), [server.access.url, client], {
    env: { ...process.env, NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy, http_proxy: proxy, NO_PROXY: '' },
    silent: true,
  });
  const code = await new Promise((resolve) => child.on('exit', resolve));
  await server.stop();
  if (code !== 0) throw new Error(`the asking process ended with ${code}`);
  const through = control.heads.slice(before);
  return outcome(through.length > 0, { direct: server.heads, through });
}
