/** What Labwright needs of this machine, looked at one by one; nothing is started or changed. */
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { freemem } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Config } from '../config.ts';
import { findPostgresBinaries } from '../embedded/binaries.ts';
import { readRunningServer } from './data-folder.ts';
import { dockerLooks } from './diagnose-docker.ts';
import { kubernetesLooks } from './diagnose-kubernetes.ts';
import { type Finding, type Found, type Looks, missing, ok, warn } from './finding.ts';
import { requirePort } from './port.ts';

const run = promisify(execFile);

const megabyte = 1024 * 1024;

/** Every finding; a look that fails is a finding too. `tools`: programs that the templates' workspaces name. */
export async function diagnose(config: Config, tools: readonly string[]): Promise<readonly Finding[]> {
  const looks: Looks = [
    ['machine', 'Node.js', node],
    ['machine', 'memory', memory],
    ['machine', 'data folder', () => dataFolder(config.dataDir)],
    ['machine', 'port', () => port(config)],
    ['control database', 'PostgreSQL', () => postgres('DATABASE_URL', config.databaseUrl)],
    ['control database', 'audit log', () => auditLog(config.databaseUrl)],
    ['queue', 'queue', () => redis(config.redisUrl)],
    ...(config.backends.includes('process') ? processLooks(config, tools) : []),
    ...(await dockerLooks(config)),
    ...(await kubernetesLooks(config)),
  ];
  return Promise.all(
    looks.map(async ([area, what, look]) => {
      try {
        return { area, what, ...(await look()) };
      } catch (error) {
        const found = error instanceof Error ? error.message : String(error);
        return { area, what, status: 'missing' as const, found, remedy: null };
      }
    }),
  );
}

function processLooks(config: Config, tools: readonly string[]): Looks {
  return [
    ['backend process', 'PostgreSQL', () => postgres('LABS_DATABASE_URL', config.labsDatabaseUrl)],
    ['backend process', 'user', user],
    ['backend process', 'terminals', terminals],
    ...tools.map((tool) => ['backend process', `tool ${tool}`, () => program(tool)] as const),
  ];
}

function node() {
  const { version } = process;
  if (Number(version.slice(1).split('.')[0]) >= 24) return ok(version);
  return missing(version, 'Install Node.js 24 or newer, or run `npm ci`, which brings one.');
}

function memory() {
  const megabytes = Math.round(freemem() / megabyte);
  if (megabytes >= 1024) return ok(`${megabytes} MB free`);
  return warn(
    `${megabytes} MB free`,
    'Each lab takes about 100 MB: keep fewer with SPARES=0 and LABS_GLOBAL.',
  );
}

function dataFolder(path: string) {
  let at = path;
  while (!existsSync(at)) at = dirname(at);
  try {
    accessSync(at, constants.W_OK | constants.X_OK);
  } catch {
    return missing(
      `${path}: ${at} is not writable`,
      'Give a folder that you may write to with DATA_DIR or --data-dir.',
    );
  }
  const { bavail, bsize } = statfsSync(at);
  const free = Math.round((bavail * bsize) / megabyte);
  if (free >= 2048) return ok(`${path}, ${free} MB free`);
  return warn(
    `${path}, ${free} MB free`,
    'Labs with the larger sample data need about 100 MB each: make room.',
  );
}

async function port(config: Config) {
  const running = readRunningServer(config.dataDir);
  if (running?.url) return ok(`${running.url} is this installation's own server (pid ${running.pid})`);
  await requirePort(config.host, config.port);
  return ok(`${config.host}:${config.port} is free`);
}

async function postgres(setting: string, url: string | null) {
  if (url === null) {
    const { root, version } = findPostgresBinaries();
    const { stdout } = await run(join(root, 'bin', 'postgres'), ['--version'], { env: { LC_ALL: 'C' } });
    return ok(`embedded, ${stdout.trim()} (package ${version})`);
  }
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ number: number; text: string }>(
      `select current_setting('server_version_num')::int as number, current_setting('server_version') as text`,
    );
    const { number = 0, text = '' } = rows[0] ?? {};
    if (number >= 150_000) return ok(`${setting} answers, PostgreSQL ${text}`);
    return missing(`${setting} is PostgreSQL ${text}`, 'PostgreSQL 15 or newer is needed.');
  } catch (error) {
    const why = (error as Error).message || (error as NodeJS.ErrnoException).code;
    return missing(
      `${setting} does not answer: ${why}`,
      `Correct ${setting}, or leave it out for the embedded one.`,
    );
  } finally {
    await client.end().catch(() => {});
  }
}

async function auditLog(url: string | null) {
  if (url === null) return ok('the service may only add to it');
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ may: boolean; owned: boolean }>(
      `select rolsuper or rolcreaterole as may, exists (select from pg_tables
         where schemaname = 'public' and tablename = 'audit_log' and tableowner <> current_user) as owned
       from pg_roles where rolname = current_user`,
    );
    const [{ may, owned } = { may: false, owned: false }] = rows;
    if (owned) return ok('the service may only add to it: the table belongs to a role of its own');
    if (may)
      return ok('the next start gives it to a role of its own, so that the service may only add to it');
    return warn(
      'kept by a trigger alone, which the role of DATABASE_URL could take away',
      'Give that role CREATEROLE: the next start makes a login for the service that may only add to the log.',
    );
  } finally {
    await client.end().catch(() => {});
  }
}

async function redis(url: string | null) {
  if (url === null) return ok('in the control database');
  const { hostname, port: given } = new URL(url);
  const remedy = 'Correct REDIS_URL, or leave it out: the queue is in the control database then.';
  return new Promise<Found>((resolve) => {
    const socket = connect({ host: hostname, port: Number(given || 6379), timeout: 5_000 });
    const end = (finding: Found) => {
      socket.destroy();
      resolve(finding);
    };
    socket.once('connect', () => end(ok(`REDIS_URL: ${hostname} answers`)));
    socket.once('timeout', () => end(missing(`REDIS_URL: ${hostname} does not answer`, remedy)));
    socket.once('error', (error) => end(missing(`REDIS_URL: ${hostname}: ${error.message}`, remedy)));
  });
}

async function user() {
  if (process.getuid?.() !== 0) return ok(`user id ${process.getuid?.()}; labs run as the same user`);
  const names = ['labwright-pg', 'labwright-lab', 'labwright-partner'];
  const there = await Promise.all(
    names.map((name) =>
      run('id', ['-u', name]).then(
        () => true,
        () => false,
      ),
    ),
  );
  const absent = names.filter((_, i) => there[i] !== true);
  if (absent.length === 0) return ok(`root; PostgreSQL and labs run as ${names.join(', ')}`);
  try {
    await run('sh', ['-c', 'command -v useradd']);
    return ok(`root; the first start creates the system users ${absent.join(', ')}`);
  } catch {
    const how = absent.map((name) => `useradd --system ${name}`).join(' && ');
    return missing(
      'root, and useradd is not installed',
      `Create the users (${how}), or run as a normal user.`,
    );
  }
}

/** Not loaded: it is there only where there is a build of it for this machine. */
function terminals() {
  const build = `@lydell/node-pty-${process.platform}-${process.arch}`;
  const from = createRequire(import.meta.resolve('@lydell/node-pty'));
  try {
    from.resolve(`${build}/package.json`);
    return ok('node-pty');
  } catch {
    const remedy = 'Run `npm ci --include=optional` on this machine; without it labs have no terminals.';
    return warn(`no ${build}`, remedy);
  }
}

async function program(name: string) {
  try {
    const { stdout } = await run('sh', ['-c', 'command -v -- "$1"', 'sh', name]);
    return ok(stdout.trim());
  } catch {
    return warn('not installed', `Install ${name}: templates name it for their workspaces.`);
  }
}
