import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import type { LookContext, ObserverKind } from '../../src/grading/types.ts';
import { observerKinds } from '../../src/observers/registry.ts';
import { observerContract, type Target } from '../contracts/observer-contract.ts';
import { lookContext, testHandle } from '../support/handle.ts';
import { type LabDatabase, startLabDatabase } from '../support/lab-database.ts';
import {
  type BareServer,
  bareServer,
  drip,
  flood,
  gzipBomb,
  jsonReply,
  reply,
} from '../support/misbehave.ts';

let db: LabDatabase;
let server: BareServer;
let folder: string;
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
  });
  folder = mkdtempSync(join(tmpdir(), 'labwright-looks-'));
  writeFileSync(join(folder, 'good.json'), '{"a": [1]}');
  writeFileSync(join(folder, 'deep.json'), '['.repeat(900_000));
  writeFileSync(join(folder, 'bad.json'), '{');
  writeFileSync(join(folder, 'bomb.yaml'), yamlBomb());
  writeFileSync(join(folder, 'deep.yaml'), '['.repeat(100_000));
  writeFileSync(join(folder, 'huge'), '');
  truncateSync(join(folder, 'huge'), 50 * 1024 * 1024 * 1024);
  symlinkSync('/etc/passwd', join(folder, 'link'));
  execFileSync('mkfifo', [join(folder, 'fifo')]);
  context = lookContext(
    testHandle({ database: db.access, api: server.access, workspace: { kind: 'shell', path: folder } }),
    {
      answers: { q: 'yes' },
    },
  );
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await server.stop();
  await db.stop();
});

function yamlBomb(): string {
  const lines = ['a0: &a0 [x,x,x,x,x,x,x,x,x]'];
  for (let n = 1; n < 12; n += 1) lines.push(`a${n}: &a${n} [${`*a${n - 1},`.repeat(9)}]`);
  return lines.join('\n');
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
    },
    endless: null,
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
