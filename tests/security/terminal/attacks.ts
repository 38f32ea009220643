import { spawn as spawnProgram } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, createServer } from 'node:net';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn } from '@lydell/node-pty';
import { WebSocket } from 'ws';
import { createTerminals } from '../../../src/sandbox/process/terminal.ts';
import { bounds } from '../../../src/terminal/bounds.ts';
import { relay } from '../../../src/terminal/relay.ts';
import { createWays } from '../../../src/terminal/ways.ts';
import { connectTo } from '../../terminal/world.ts';
import { attack, outcome } from '../attack.ts';
import { anyOpens, type WayWorld, withSockets } from './world.ts';

const family = 'api';
const way = attack<WayWorld>;
const anybody = { token: null } as const;

/** To a server that takes every path. */
const naively = (url: string, asked: Parameters<typeof connectTo>[4] = {}) =>
  connectTo(url, 'tunnel', 'lab', 'database', asked);

export const terminalAttacks = [
  way({
    family,
    name: 'a WebSocket with the token in its URL, where histories and logs keep it',
    defence: 'a URL that holds a token opens nothing, whatever the field is called',
    off: 'a server that takes it from there',
    run: ({ open, ann }) =>
      anyOpens(
        ['token', 'access_token', 'code', 'place'].map(
          (field) => () => open('terminal', 'workspace', { ...anybody, query: { [field]: ann } }),
        ),
      ),
    control: ({ ann }) =>
      withSockets(
        {
          verifyClient: ({ req }: { req: IncomingMessage }) =>
            new URL(req.url ?? '', 'http://x').searchParams.get('token') === ann,
        },
        () => undefined,
        (url) => anyOpens([() => naively(url, { query: { token: ann } })]),
      ),
  }),
  way({
    family,
    name: 'another site opens a terminal with a code that it got hold of',
    defence: 'a browser says which page opens a WebSocket, and only our own may',
    off: 'a server that does not look at the origin',
    async run({ open, codeFor }) {
      const origins = ['https://evil.example', 'null', 'http://localhost.evil.example', 'http://127.0.0.1:1'];
      const codes = await Promise.all(origins.map(() => codeFor('terminal', 'workspace')));
      return anyOpens(
        origins.map((origin, at) => () => {
          const query = { code: codes[at] ?? '' };
          return open('terminal', 'workspace', { ...anybody, query, headers: { origin } });
        }),
      );
    },
    control: () =>
      withSockets(
        {},
        () => undefined,
        (url) => anyOpens([() => naively(url, { headers: { origin: 'https://evil.example' } })]),
      ),
  }),
  way({
    family,
    name: 'a terminal and a connection in another’s lab',
    defence: 'whose lab it is, is looked up with who asks',
    off: 'the same look-up, asked as an admin for everybody',
    run: ({ open, eve }) =>
      anyOpens([
        () => open('terminal', 'workspace', { token: eve }),
        () => open('tunnel', 'database', { token: eve }),
      ]),
    async control({ ways: { world, lab } }) {
      const { labs } = world.runtime;
      const asAdmin = {
        getLabWithTemplate: (_: unknown, id: string) =>
          labs.getLabWithTemplate({ role: 'admin', subject: 'admin' }, id),
      };
      const found = createWays(asAdmin, new Map([['process', {} as never]]), () => null);
      const { component } = await found.find(
        { role: 'trainee', subject: 'eve' },
        lab,
        'workspace',
        'terminal',
      );
      return outcome(component === 'workspace', component);
    },
  }),
  way({
    family,
    name: 'a code that somebody has used, again, and many at once',
    defence: 'a code is deleted by who redeems it',
    off: 'codes that are looked up and kept',
    async run({ open, codeFor }) {
      const code = await codeFor('terminal', 'workspace');
      const tries = await Promise.allSettled(
        Array.from({ length: 5 }, () => open('terminal', 'workspace', { ...anybody, query: { code } })),
      );
      const opened = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      for (const { socket } of opened) socket.terminate();
      return outcome(opened.length > 1, opened.length);
    },
    control: () => {
      const kept = new Set(['abc']);
      return withSockets(
        {
          verifyClient: ({ req }: { req: IncomingMessage }) =>
            kept.has(new URL(req.url ?? '', 'http://x').searchParams.get('code') ?? ''),
        },
        () => undefined,
        async (url) => {
          const first = await naively(url, { query: { code: 'abc' } });
          first.socket.terminate();
          return anyOpens([() => naively(url, { query: { code: 'abc' } })]);
        },
      );
    },
  }),
  way({
    family,
    name: 'one code for another way, or for another component',
    defence: 'a code names the way and the component that it is for',
    off: 'codes that name only the lab',
    async run({ open, codeFor, ways: { ann, lab } }) {
      const [forSite, forShell] = await Promise.all([
        codeFor('tunnel', 'site'),
        codeFor('terminal', 'workspace'),
      ]);
      const { url } = await ann.call<{ url: string }>('POST', `/labs/${lab}/proxy/site`, {});
      const page = new URL(url).searchParams.get('code') ?? '';
      return anyOpens([
        () => open('tunnel', 'database', { ...anybody, query: { code: forSite } }),
        () => open('tunnel', 'site', { ...anybody, query: { code: forShell } }),
        () => open('tunnel', 'site', { ...anybody, query: { code: page } }),
      ]);
    },
    control: () => {
      const codes = new Map([['abc', 'lab']]);
      const named = (url = '') => /labs\/([^/]+)/.exec(url)?.[1];
      return withSockets(
        {
          verifyClient: ({ req }: { req: IncomingMessage }) =>
            codes.get(new URL(req.url ?? '', 'http://x').searchParams.get('code') ?? '') === named(req.url),
        },
        () => undefined,
        (url) => anyOpens([() => naively(url, { query: { code: 'abc' } })]),
      );
    },
  }),
  way({
    family,
    name: 'a frame that is larger than all memory that a way may have',
    defence: 'a frame of more than 64 KiB ends the connection before it is read',
    off: 'a server without a largest frame',
    async run({ open }) {
      const { socket, closed } = await open('tunnel', 'site');
      socket.send(Buffer.alloc(32 * 1_048_576));
      const { code } = await closed;
      return outcome(![1006, 1009].includes(code), code);
    },
    control: async () => {
      let taken = 0;
      return withSockets(
        { maxPayload: 0 },
        (socket) => socket.on('message', (data: Buffer) => (taken = data.byteLength)),
        async (url) => {
          const { socket } = await naively(url);
          socket.send(Buffer.alloc(32 * 1_048_576));
          while (taken === 0) await sleep(20);
          return outcome(taken === 32 * 1_048_576, taken);
        },
      );
    },
  }),
  way({
    family,
    name: 'a tunnel to something else than the component’s own port',
    defence: 'a tunnel is asked for by the component’s name, and its port is ours to know',
    off: 'a server that connects to where it is told',
    run: ({ open }) =>
      anyOpens([
        () => open('tunnel', 'database', { query: { port: '22' } }),
        () => open('tunnel', 'database', { query: { host: '169.254.169.254' } }),
        ...[
          '127.0.0.1:22',
          'database:22',
          'site%3A22',
          'workspace',
          '..%2Fdatabase',
          'site%00',
          '__proto__',
        ].map((component) => () => open('tunnel', component)),
      ]),
    async control() {
      const secret = createServer((socket) => socket.end('secret')).listen(0, '127.0.0.1');
      await once(secret, 'listening');
      const { port } = secret.address() as { port: number };
      try {
        return await withSockets(
          {},
          (socket, { url = '' }) => {
            const there = connect(Number(new URL(url, 'http://x').searchParams.get('port')), '127.0.0.1');
            there.on('data', (data) => socket.send(data));
          },
          async (url) => {
            const opened = await naively(url, { query: { port: String(port) } });
            while (!opened.text().includes('secret')) await sleep(20);
            return outcome(true, opened.text());
          },
        );
      } finally {
        secret.close();
      }
    },
  }),
  way({
    family,
    name: 'questions without end by a client that reads no answer',
    defence: 'a ping is answered only while little waits for its sender',
    off: 'a server that answers each',
    run: () =>
      askWithoutEnd((socket) => relay(socket, { kind: 'tunnel', stream: new PassThrough() }, bounds)),
    control: () => askWithoutEnd((socket) => socket.on('ping', (data) => socket.pong(data))),
  }),
  way({
    family,
    name: 'a program of another lab finds a terminal among its open files',
    defence: 'a terminal is held by a process of its own, which starts nothing but its shell',
    off: 'a terminal that is held by the server',
    async run(_, signal) {
      const terminals = createTerminals(process.execPath);
      const ref = { sandboxId: 'sb-one', component: 'workspace', generation: 1 };
      const env = { PATH: '/usr/bin:/bin', TERM: 'xterm' };
      const shell = { cwd: '/tmp', path: ['/usr/bin', '/bin'], env, user: null };
      const terminal = await terminals.open(ref, shell, { cols: 80, rows: 24 }, signal);
      const files = await openFilesOfChild();
      terminal.stream.destroy();
      await terminal.ended;
      return outcome(/ptmx|pts/.test(files), files);
    },
    async control() {
      const pty = spawn('/bin/sh', [], { cwd: '/tmp', env: {} });
      const files = await openFilesOfChild();
      pty.kill('SIGKILL');
      return outcome(/ptmx/.test(files), files);
    },
  }),
] as const;

/** What a program that is started now has open. */
async function openFilesOfChild(): Promise<string> {
  const child = spawnProgram('ls', ['-l', '/proc/self/fd'], { stdio: ['ignore', 'pipe', 'ignore'] });
  return text(child.stdout);
}

/** Succeeds when much waits in the server for a client that does not read; what the kernel holds is not ours. */
async function askWithoutEnd(serve: (socket: WebSocket) => void) {
  const much = 524_288;
  let [most, asked] = [0, 0];
  return withSockets(
    { autoPong: false },
    (socket) => {
      serve(socket);
      socket.on('ping', () => {
        asked += 1;
        most = Math.max(most, socket.bufferedAmount);
      });
    },
    async (url) => {
      const client = new WebSocket(url, { autoPong: false });
      await once(client, 'open');
      client.pause();
      const question = Buffer.alloc(125);
      const isOver = () => most >= much || asked > 300_000 || performance.now() > end;
      const end = performance.now() + 15_000;
      while (!isOver()) {
        for (let i = 0; i < 5_000 && client.bufferedAmount < 4_194_304; i += 1) client.ping(question);
        await sleep(1);
      }
      client.terminate();
      return outcome(most >= much, { most, asked });
    },
  );
}
