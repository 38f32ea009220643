/** A lab in which everything that a look meets fights back: what a whole grading of it may cost is measured on it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, truncateSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { SandboxHandle } from '../../src/grading/types.ts';
import type { LookSpec, TemplateVersion } from '../../src/templates/types.ts';
import { check, httpLook, sqlLook, templateOf } from '../support/graded-lab.ts';
import { sampleApi } from '../support/misbehave.ts';
import { databaseVersion } from '../support/postgres-lab.ts';
import { execLook, fileLook } from './workspace-lab.ts';

export const hostileDeadlineSeconds = 2;

const looks: Readonly<Record<string, LookSpec>> = {
  stubborn: sqlLook('select n from stubborn'),
  endless: sqlLook('select n from endless'),
  spilling: sqlLook('select n from spilling'),
  wide: sqlLook('select n from wide'),
  many: sqlLook('select n from many'),
  shouting: sqlLook('select n from shouting'),
  huge: fileLook({ path: 'huge.txt' }),
  crowd: fileLook({ glob: 'crowd-*', parse: 'text' }),
  pouring: execLook(['./pour'], { timeout: '1s' }),
  staying: execLook(['./stay'], { timeout: '1s' }),
  dripping: httpLook('/drip'),
  flooding: httpLook('/flood'),
  bomb: httpLook('/bomb'),
};

const workspace = { kind: 'shell', uses: [], custody: 'trainee', files: null, tools: [] } as const;
const base = databaseVersion({ 'seed.sql': 'create table t (n int)' });

/** What a driver makes: a database whose schema the trainee owns, and a workspace. */
export const hostileSandbox: TemplateVersion = {
  ...base,
  template: { ...base.template, components: { ...base.template.components, workspace } },
};

/** What is graded: a check each of all that is there, none of which is to pass. */
export const hostileChecks: TemplateVersion = templateOf(
  Object.entries(looks).map(([id, look]) => check(id, 'a.durationMs < 0', { a: look })),
  { grading: { deadlineSeconds: hostileDeadlineSeconds, onDemandEverySeconds: 1 } },
);

const doings = `
  create function stay() returns int language plpgsql as $$ begin
    perform set_config('client_connection_check_interval', '0', false);
    loop begin perform pg_sleep(60); exception when query_canceled then null; end; end loop; end $$;
  create view stubborn as select stay() as n;
  create view endless as
    with recursive r(n) as (select 0 union all select (n + 1) % 1000 from r) select max(n) as n from r;
  create view spilling as select count(*) as n from generate_series(1::bigint, 100000000000);
  create view wide as select repeat('x', 100000000) as n;
  create view many as select repeat('x', 250) as n from generate_series(1, 500000);
  create function shout() returns int language plpgsql as $$ begin
    perform set_config('client_min_messages', 'notice', false);
    loop raise notice '%', repeat('x', 1000); end loop; end $$;
  create view shouting as select shout() as n;`;

export interface HostileLab {
  /** With a server in the place of its API that misbehaves. */
  readonly sandbox: SandboxHandle;
  stop(): Promise<void>;
}

/** Does all that to a sandbox that was made of `hostileSandbox`. */
export async function makeHostile(sandbox: SandboxHandle): Promise<HostileLab> {
  const [database, shell] = [sandbox.access('database'), sandbox.access('workspace')];
  if (database.kind !== 'postgres' || shell.kind !== 'shell') throw new TypeError('not the hostile lab');
  const client = new pg.Client({ ...database, ...database.trainee });
  await client.connect();
  await client.query(doings);
  await client.end();
  const put = (name: string, script: string) => {
    writeFileSync(join(shell.path, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(shell.path, name), 0o755);
  };
  put('pour', 'exec cat /dev/zero');
  put('stay', `trap '' TERM; while :; do sleep 1; done`);
  const sparse = (name: string, megabytes: number) => {
    writeFileSync(join(shell.path, name), '');
    truncateSync(join(shell.path, name), megabytes * 2 ** 20);
  };
  sparse('huge.txt', 10_000);
  for (let n = 0; n < 300; n += 1) sparse(`crowd-${n}`, 1);
  const api = await startServer();
  const { host, port } = api;
  return {
    sandbox: {
      ...sandbox,
      access: (name) => (name === 'api' ? api : sandbox.access(name)),
      dial: (name, signal, which) =>
        name === 'api'
          ? new Promise((resolve, reject) => {
              const socket = connect({ host, port, signal });
              socket.once('connect', () => resolve(socket));
              socket.once('error', reject);
            })
          : sandbox.dial(name, signal, which),
    },
    stop: api.stop,
  };
}

async function startServer() {
  const program = fileURLToPath(new URL('hostile-server.ts', import.meta.url));
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    ...sampleApi(Number(port.toString())),
    async stop(): Promise<void> {
      child.stdin.end();
      await ended;
    },
  };
}
