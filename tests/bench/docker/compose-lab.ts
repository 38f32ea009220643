/**
 * The floor of a lab in containers: the same database image, sample API and workspace, brought up by `docker compose up
 * --wait`, or by the same calls of the docker client where compose is not installed.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { World } from '../world.ts';

const run = promisify(execFile);

export interface FloorImages {
  /** With the data that a lab begins with. */
  readonly database: string;
  readonly labwright: string;
  readonly workspace: string;
}

export interface ComposeLab {
  remove(): Promise<void>;
}

/** What labs were made from last: the newest image that was prepared. */
export async function preparedImage(): Promise<string> {
  const { stdout } = await run('docker', ['images', '--format', '{{.Repository}}:{{.Tag}}']);
  const found = stdout.split('\n').find((name) => name.startsWith('labwright-prepared-'));
  if (found === undefined) throw new Error('no image was prepared');
  return found;
}

export async function hasCompose(): Promise<boolean> {
  return run('docker', ['compose', 'version']).then(
    () => true,
    () => false,
  );
}

/** Everybody is let in: the floor has no roles of its own. */
const serve = [
  "printf 'local all all trust\\nhost all all all trust\\n' > /lab/postgres/data/pg_hba.conf",
  "exec postgres -D /lab/postgres/data -c 'listen_addresses=*' -c fsync=off",
].join(' && ');

const apiEnvironment = {
  DATABASE_URL: 'postgres://postgres@database:5432/lab',
  HOST: '0.0.0.0',
  PORT: '3000',
  JWT_SECRET: 'of the floor, of the floor, of the floor',
  VARIANT: 'stock',
  SEED: 'never',
  POOL_SIZE: '4',
};

const askApi =
  "fetch('http://127.0.0.1:3000/health/ready').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))";

/** Up and healthy when it returns. */
export async function composeLab(world: World, images: FloorImages): Promise<ComposeLab> {
  const name = `bench${randomBytes(5).toString('hex')}`;
  const folder = join(world.folder('compose'), name);
  mkdirSync(folder);
  const file = join(folder, 'compose.yaml');
  const healthy = (test: readonly string[]) => ({ test, interval: '250ms', timeout: '5s', retries: 400 });
  const hardened = { read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] };
  writeFileSync(
    file,
    JSON.stringify({
      name,
      services: {
        database: {
          image: images.database,
          user: '999:999',
          entrypoint: ['sh', '-c', serve],
          tmpfs: ['/var/run/postgresql:uid=999,gid=999', '/var/lib/postgresql/data'],
          healthcheck: healthy(['CMD', 'pg_isready', '-q', '-U', 'postgres', '-d', 'lab']),
        },
        api: {
          ...hardened,
          image: images.labwright,
          command: ['sample-api'],
          environment: apiEnvironment,
          tmpfs: ['/tmp'],
          depends_on: { database: { condition: 'service_healthy' } },
          healthcheck: healthy(['CMD', 'node', '-e', askApi]),
        },
        workspace: {
          ...hardened,
          image: images.workspace,
          init: true,
          entrypoint: ['sleep', 'infinity'],
          tmpfs: ['/tmp'],
          volumes: ['files:/lab/workspace'],
          healthcheck: { disable: true },
        },
      },
      volumes: { files: {} },
      networks: { default: { internal: true } },
    }),
  );
  const compose = (...args: string[]) =>
    run('docker', ['compose', '--file', file, ...args], { signal: world.signal, timeout: 120_000 });
  const remove = async () => {
    await run('docker', ['compose', '--file', file, 'down', '--volumes', '--timeout', '0'], {
      timeout: 120_000,
    });
  };
  try {
    await compose('up', '--wait', '--quiet-pull', '--no-build');
  } catch (thrown) {
    await remove();
    throw thrown;
  }
  return { remove };
}

/** The same by single calls, each service asked every 50 ms until it answers. */
export async function clientLab(world: World, images: FloorImages): Promise<ComposeLab> {
  const name = `bench${randomBytes(5).toString('hex')}`;
  const docker = (...args: string[]) => run('docker', args, { signal: world.signal, timeout: 120_000 });
  const remove = async () => {
    const all = ['database', 'api', 'workspace'].map((one) => `${name}-${one}`);
    await run('docker', ['rm', '--force', '--volumes', ...all]).catch(() => {});
    await run('docker', ['volume', 'rm', '--force', name]).catch(() => {});
    await run('docker', ['network', 'rm', name]).catch(() => {});
  };
  const until = async (...args: string[]) => {
    while (
      !(await docker(...args).then(
        () => true,
        () => false,
      ))
    ) {
      world.signal.throwIfAborted();
      await delay(50);
    }
  };
  const common = (one: string) => [
    '--detach',
    '--name',
    `${name}-${one}`,
    '--network',
    name,
    '--network-alias',
    one,
  ];
  const hardened = [
    '--read-only',
    '--cap-drop',
    'ALL',
    '--security-opt',
    'no-new-privileges',
    '--tmpfs',
    '/tmp',
  ];
  const environment = Object.entries(apiEnvironment).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
  try {
    await docker('network', 'create', '--internal', name);
    const volumes = ['--tmpfs', '/var/run/postgresql:uid=999,gid=999', '--tmpfs', '/var/lib/postgresql/data'];
    await Promise.all([
      docker(
        'run',
        ...common('database'),
        '--user',
        '999:999',
        ...volumes,
        '--entrypoint',
        'sh',
        images.database,
        '-c',
        serve,
      ),
      docker(
        'run',
        ...common('workspace'),
        ...hardened,
        '--init',
        '--volume',
        `${name}:/lab/workspace`,
        '--entrypoint',
        'sleep',
        images.workspace,
        'infinity',
      ),
    ]);
    await until('exec', `${name}-database`, 'pg_isready', '-q', '-U', 'postgres', '-d', 'lab');
    await docker('run', ...common('api'), ...hardened, ...environment, images.labwright, 'sample-api');
    await until('exec', `${name}-api`, 'node', '-e', askApi);
  } catch (thrown) {
    await remove();
    throw thrown;
  }
  return { remove };
}
