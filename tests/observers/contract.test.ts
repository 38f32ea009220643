import { execFileSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe } from 'vitest';
import type { LookContext, ObserverKind } from '../../src/grading/types.ts';
import { observerKinds } from '../../src/observers/registry.ts';
import type { ServiceComponent, WatchSpec } from '../../src/templates/types.ts';
import { observerContract, type Target } from '../contracts/observer-contract.ts';
import { lookContext, noRecords, testHandle } from '../support/handle.ts';
import { type LabDatabase, startLabDatabase } from '../support/lab-database.ts';
import {
  type BareServer,
  bareServer,
  drip,
  flood,
  gzipBomb,
  jsonReply,
  reply,
  sampleApi,
} from '../support/misbehave.ts';

let db: LabDatabase;
/** The lab as it was. */
let start: LabDatabase;
let empty: string;
let server: BareServer;
let folder: string;
let locking: pg.Client;
let talker: Server;
let names: Socket;
let nameServer: string;
let context: LookContext;

const bomb = gzipBomb(200 * 1024 * 1024);

beforeAll(async () => {
  db = await startLabDatabase();
  await db.trainee(`
    create table customers (id int, note text);
    insert into customers values (1, 'a'), (2, null);
    create view endless as select g from generate_series(1, 1000000000) g;
    create view wide as select repeat('x', 100000000) as w;
    create function stubborn() returns int language plpgsql as $$ begin
      loop begin perform pg_sleep(60); exception when query_canceled then null; end; end loop; end $$;
    create view stuck as select stubborn() as a;
    create view failing as select note::numeric from customers;
    create view odd as select 'NaN'::numeric a, 'infinity'::timestamptz b, '"\\u0000"'::json c, 'Infinity'::float8 d;
  `);
  await db.trainee(`
    create view replaced as select g as id from generate_series(1, 1000000000) g`);
  start = await startLabDatabase();
  await start.trainee('create table customers (id int, note text); create table replaced (id int)');
  for (const side of [db, start]) {
    await side.admin(`create schema held authorization ${side.access.trainee.user};
      grant usage on schema held to ${side.access.checker.user}`);
    await side.trainee(`create table held.locked (id int primary key)`);
  }
  await db.admin(`create schema huge; create function huge.f() returns text language sql as
    $$ select '${'x'.repeat(1_200_000)}' $$`);
  locking = new pg.Client({
    ...db.access.trainee,
    host: db.access.host,
    port: db.access.port,
    database: db.access.database,
  });
  await locking.connect();
  await locking.query('begin; lock table held.locked in access exclusive mode');
  server = await bareServer((socket, head) => {
    const path = /^\\w+ (\\S+)/.exec(head)?.[1] ?? head.split(' ')[1];
    if (path === '/good') socket.end(jsonReply({ items: [] }));
    else if (path === '/drip') void drip(socket, reply('200 OK', {}));
    else if (path === '/flood') flood(socket, reply('200 OK', {}));
    else if (path === '/bomb') socket.end(bomb);
    else if (path === '/deep') socket.end(reply('200 OK', {}, '['.repeat(900_000)));
    else if (path === '/headers') socket.end(reply('200 OK', { 'x-a': 'a'.repeat(102_400) }));
    else if (path === '/lie') socket.end(reply('200 OK', { 'content-length': 1e15 }, 'x'));
    else if (path === '/reset') socket.resetAndDestroy();
    else if (path === '/metrics') socket.end(reply('200 OK', {}, 'up{a="b"} 1\n'));
    else if (path === '/samples') socket.end(reply('200 OK', {}, 'up 1\n'.repeat(150_000)));
    else if (path === '/line') socket.end(reply('200 OK', {}, `up{a="${'\\\\'.repeat(400_000)}`));
  });
  talker = createServer((socket) => {
    socket.on('error', () => {});
    flood(socket, Buffer.alloc(0));
  });
  await new Promise<void>((resolve) => talker.listen(0, '127.0.0.1', resolve));
  names = await startNameServer();
  nameServer = `127.0.0.1:${names.address().port}`;
  empty = mkdtempSync(join(tmpdir(), 'labwright-empty-'));
  folder = mkdtempSync(join(tmpdir(), 'labwright-looks-'));
  writeFileSync(join(folder, 'good.json'), '{"a": [1]}');
  writeFileSync(join(folder, 'deep.json'), '['.repeat(900_000));
  writeFileSync(join(folder, 'bad.json'), '{');
  writeFileSync(join(folder, 'bomb.yaml'), yamlBomb());
  writeFileSync(join(folder, 'deep.yaml'), '['.repeat(100_000));
  writeFileSync(join(folder, 'long.csv'), `a,b\n${'1,2\n'.repeat(200_000)}`);
  writeFileSync(join(folder, 'huge'), '');
  truncateSync(join(folder, 'huge'), 50 * 1024 * 1024 * 1024);
  symlinkSync('/etc/passwd', join(folder, 'link'));
  execFileSync('mkfifo', [join(folder, 'fifo')]);
  context = lookContext(
    testHandle(
      {
        database: db.access,
        api: server.access,
        workspace: { kind: 'shell', path: folder },
        talker: sampleApi((talker.address() as AddressInfo).port),
        closed: sampleApi(1),
      },
      { logs: { api: `started\n${'a'.repeat(200_000)}!\n\u001b[31m\u0000\ud800\n` } },
    ),
    {
      answers: { q: 'yes' },
    },
  );
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  talker.close();
  names.close();
  await locking.query('rollback');
  await locking.end();
  await start.stop();
  rmSync(empty, { recursive: true });
  await server.stop();
  await db.stop();
});

function yamlBomb(): string {
  const lines = ['a0: &a0 [x,x,x,x,x,x,x,x,x]'];
  for (let n = 1; n < 12; n += 1) lines.push(`a${n}: &a${n} [${`*a${n - 1},`.repeat(9)}]`);
  return lines.join('\n');
}

/** Knows `good.test`; says garbage, nothing, or that there is no such name. */
async function startNameServer(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const say = (bytes: Buffer) => socket.send(bytes, from.port, from.address);
    const name = query.subarray(13, 13 + (query[12] ?? 0)).toString();
    if (name === 'silent') return;
    if (name === 'garbage') return say(Buffer.concat([query.subarray(0, 2), Buffer.alloc(400, 0xff)]));
    const question = query.subarray(12, query.indexOf(0, 12) + 5);
    const found = name === 'good';
    const header = Buffer.from([
      query[0] ?? 0,
      query[1] ?? 0,
      0x81,
      found ? 0x80 : 0x83,
      0,
      1,
      0,
      found ? 1 : 0,
      0,
      0,
      0,
      0,
    ]);
    const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]);
    say(Buffer.concat([header, question, ...(found ? [answer] : [])]));
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return socket;
}

function kindOf(name: string): ObserverKind {
  const kind = observerKinds().get(name);
  if (kind === undefined) throw new Error(name);
  return kind;
}

const on = (component: string) => (spec: object) => (): Target => ({ spec: { component, ...spec }, context });
const secrets = () => [
  db.access.checker.password,
  server.access.account.password,
  server.access.jwtSecret,
  'note = $1',
];

describe('sql', () => {
  const sql = on('database');
  observerContract({
    kind: kindOf('sql'),
    good: sql({ query: 'select id, note from customers' }),
    hostile: {
      'has rows without end': sql({ query: 'select g from endless' }),
      'has one huge value': sql({ query: 'select w from wide' }),
      'swallows its cancelling': sql({ query: 'select a from stuck' }),
      'does not cast': sql({ query: 'select * from failing' }),
      'is gone': sql({ query: 'select 1 from gone where note = $1', args: ['x'] }),
      'holds odd values': sql({ query: 'select * from odd' }),
    },
    endless: sql({ query: 'select pg_sleep(60)' }),
    secrets,
  });
});

describe('http', () => {
  const http = on('api');
  observerContract({
    kind: kindOf('http'),
    good: http({ path: '/good', auth: 'trainee' }),
    hostile: {
      drips: http({ path: '/drip' }),
      'has a body without end': http({ path: '/flood' }),
      'sends a gzip bomb': http({ path: '/bomb' }),
      'sends deep json': http({ path: '/deep' }),
      'sends huge headers': http({ path: '/headers' }),
      'lies about its length': http({ path: '/lie' }),
      'resets the connection': http({ path: '/reset' }),
    },
    endless: http({ path: '/silent' }),
    secrets,
  });
});

describe('exec', () => {
  const exec = on('workspace');
  observerContract({
    kind: kindOf('exec'),
    good: exec({ argv: ['/bin/echo', 'hello'] }),
    hostile: {
      'prints without end': exec({ argv: ['/usr/bin/yes'] }),
      'is killed': exec({ argv: ['/bin/sh', '-c', 'kill -9 $$'] }),
      'prints what is no text': exec({ argv: ['/bin/sh', '-c', 'head -c 1000 /dev/urandom'] }),
      'is not there': exec({ argv: ['/no/such/program'] }),
    },
    endless: exec({ argv: ['/bin/sleep', '60'] }),
    secrets,
  });
});

describe('file', () => {
  const file = on('workspace');
  observerContract({
    kind: kindOf('file'),
    good: file({ path: 'good.json', parse: 'json' }),
    hostile: {
      'is deep json': file({ path: 'deep.json', parse: 'json' }),
      'is broken json': file({ path: 'bad.json', parse: 'json' }),
      'is a yaml bomb': file({ path: 'bomb.yaml', parse: 'yaml' }),
      'is deep yaml': file({ path: 'deep.yaml', parse: 'yaml' }),
      'is huge': file({ path: 'huge' }),
      'is a link': file({ path: 'link' }),
      'is a fifo': file({ path: 'fifo' }),
      'is gone': file({ path: 'gone', parse: 'lines' }),
      'is csv without end': file({ path: 'long.csv', parse: 'csv' }),
      'is broken csv': file({ path: 'bad.json', parse: 'csv' }),
    },
    endless: null,
    secrets,
  });
});

describe('sql with explain', () => {
  const sql = on('database');
  observerContract({
    kind: kindOf('sql'),
    good: sql({ query: 'select id, note from customers where id = $1', args: [1], explain: true }),
    hostile: {
      'is gone': sql({ query: 'select 1 from gone', explain: true }),
      'swallows its cancelling': sql({ query: 'select a from stuck', explain: true, analyze: true }),
      'is a view over many': sql({
        query: Array.from({ length: 150 }, () => 'select id from customers').join(' union all '),
        explain: true,
      }),
      'is planned too deep': sql({
        query: `select ${'('.repeat(90)}select 1${')'.repeat(90)}`,
        explain: true,
      }),
    },
    endless: sql({ query: 'select pg_sleep(60)', explain: true, analyze: true }),
    secrets,
  });
});

describe('schema', () => {
  const schema = on('database');
  observerContract({
    kind: kindOf('schema'),
    good: schema({ tables: ['customers'] }),
    hostile: {
      'has one huge definition': schema({ schemas: ['huge'] }),
      'names what is not there': schema({ schemas: ['nowhere'], tables: ["x'; drop table customers"] }),
    },
    endless: schema({ schemas: ['held'] }),
    secrets,
  });
});

describe('baseline', () => {
  const baseline = (spec: object) => (): Target => {
    const reference = testHandle({ database: start.access, workspace: { kind: 'shell', path: empty } });
    const records = { ...noRecords, reference: async () => reference };
    return { spec: { component: 'database', ...spec }, context: { ...context, records } };
  };
  observerContract({
    kind: kindOf('baseline'),
    good: baseline({ of: ['schema', 'rows'], tables: ['customers'] }),
    hostile: {
      'is a view': baseline({ of: ['rows'], tables: ['replaced'] }),
      'is files of every sort': baseline({ component: 'workspace', of: ['files'] }),
    },
    endless: baseline({ of: ['rows'], tables: ['held.locked'] }),
    secrets,
  });
  observerContract({
    kind: kindOf('baseline'),
    good: baseline({ component: 'workspace', of: ['files'], ignore: ['huge'] }),
    hostile: {},
    endless: null,
    secrets,
  });
});

describe('http, many times', () => {
  const http = (path: string) => on('api')({ path, repeat: { requests: 60, concurrency: 8, warmup: 2 } });
  observerContract({
    kind: kindOf('http'),
    good: http('/good'),
    hostile: {
      drips: http('/drip'),
      'has bodies without end': http('/flood'),
      'sends gzip bombs': http('/bomb'),
      'sends huge headers': http('/headers'),
      'resets the connections': http('/reset'),
    },
    endless: http('/silent'),
    secrets,
  });
});

describe('metric', () => {
  const metric = on('api');
  observerContract({
    kind: kindOf('metric'),
    good: metric({ auth: 'trainee' }),
    hostile: {
      'is no metrics page': metric({ path: '/good' }),
      drips: metric({ path: '/drip' }),
      'has a body without end': metric({ path: '/flood' }),
      'sends a gzip bomb': metric({ path: '/bomb' }),
      'has samples without end': metric({ path: '/samples' }),
      'has one line without end': metric({ path: '/line' }),
    },
    endless: metric({ path: '/silent' }),
    secrets,
  });
});

describe('tcp', () => {
  const tcp = (component: string, banner: number) => on(component)({ banner });
  observerContract({
    kind: kindOf('tcp'),
    good: tcp('api', 0),
    hostile: {
      'pours without end': tcp('talker', 4096),
      'says nothing': tcp('database', 100),
      'is closed': tcp('closed', 100),
    },
    endless: null,
    secrets,
  });
});

describe('dns', () => {
  const dns =
    (name: string, more: object = {}) =>
    (): Target => ({
      spec: { name, server: nameServer, ...more },
      context,
    });
  observerContract({
    kind: kindOf('dns'),
    good: dns('good.test'),
    hostile: {
      'answers garbage': dns('garbage.test', { timeout: '1s' }),
      'knows no such name': dns('gone.test'),
    },
    endless: dns('silent.test'),
    secrets,
  });
});

describe('log', () => {
  const log = (match: string) => on('api')({ match });
  observerContract({
    kind: kindOf('log'),
    good: log('started'),
    hostile: {
      'prints what is no text': log('.*'),
      'prints what is slow to match': log('(a+)+$'),
    },
    endless: null,
    secrets,
  });
});

describe('watch', () => {
  const watch =
    (runs: number, more: object = {}) =>
    (): Target => {
      const at = (n: number) => new Date(Date.now() - (runs - n) * 1000);
      const made = Array.from({ length: runs }, (_, n) => ({
        ...{ watchId: 'health', from: at(n), to: at(n), count: 1, good: n % 2 === 0, detail: null },
        value: { status: 200 },
      }));
      const spec = { id: 'health', everySeconds: 1 } as WatchSpec;
      const records = { ...noRecords, watch: async () => ({ spec, readyAt: at(0), runs: made }) };
      return { spec: { id: 'health', ...more }, context: { ...context, records } };
    };
  observerContract({
    kind: kindOf('watch'),
    good: watch(100, { firstSteady: '1s', last: '30s' }),
    hostile: {
      'flaps all the time': watch(10_000, { firstSteady: '10s' }),
      'waits for what has not happened': watch(10, { since: 'constructor' }),
      'was never sampled': watch(0),
    },
    endless: null,
    secrets,
  });
});

describe('mutants', () => {
  const patch = '--- a/x.mjs\n+++ b/x.mjs\n@@ -1 +1 @@\n-a\n+b\n';
  const files: Readonly<Record<string, string>> = {
    'grader/m.patch': patch,
    'grader/reference/x.mjs': 'a\n',
  };
  const mutants =
    (script: string, full: string[] = []) =>
    (): Target => ({
      spec: {
        component: 'app',
        run: full.length > 0 ? full : ['/bin/sh', '-c', script],
        on: ['grader/m.patch'],
        reference: 'grader/reference/',
      },
      context: {
        ...context,
        templateFiles: Object.keys(files),
        templateFile: (path) => (Object.hasOwn(files, path) ? Buffer.from(files[path] ?? '') : null),
        component: () =>
          ({ kind: 'service', source: { shell: 'workspace', path: 'app' } }) as ServiceComponent,
        records: {
          ...noRecords,
          scratch: async () => {
            const path = mkdtempSync(join(folder, '.copy-'));
            mkdirSync(join(path, 'app'));
            return testHandle({ workspace: { kind: 'shell', path } });
          },
        },
      },
    });
  observerContract({
    kind: kindOf('mutants'),
    good: mutants('grep -q a x.mjs'),
    hostile: {
      'prints without end': mutants('', ['/usr/bin/yes']),
      'kills itself': mutants('kill -9 $$'),
      'is not there': mutants('', ['/no/such/program']),
      'prints what is no text': mutants('head -c 100000 /dev/urandom'),
    },
    endless: mutants('exec sleep 60'),
    secrets,
  });
});

describe('answer', () => {
  observerContract({
    kind: kindOf('answer'),
    good: () => ({ spec: { question: 'q' }, context }),
    hostile: {
      'is not answered': () => ({ spec: { question: 'other' }, context }),
      'is asked by a name of every object': () => ({ spec: { question: 'constructor' }, context }),
    },
    endless: null,
    secrets,
  });
});
