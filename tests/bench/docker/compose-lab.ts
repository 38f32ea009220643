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
const patienceMs = 300_000;

export interface FloorImages {
  /** With the data that a lab begins with. */
  readonly database: string;
  readonly labwright: string;
  readonly workspace: string;
}

export interface ComposeLab {
  remove(): Promise<void>;
}

export async function hasCompose(): Promise<boolean> {
  return run('docker', ['compose', 'version']).then(
    () => true,
    () => false,
  );
}

/** As a lab's server begins, but for its passwords: everybody is let in. */
const serve = [
  'cd /var/lib/postgresql/lab',
  "printf 'host all all all trust\\n' > data/pg_hba.conf",
  "exec postgres -D data -c 'listen_addresses=*' -c unix_socket_directories= -c dynamic_shared_memory_type=mmap",
].join(' && ');

const apiProgram = ['node', '/app/src/sample-api/main.ts'];
const apiEnvironment = {
  DATABASE_URL: 'postgres://postgres@database:5432/lab',
  HOST: '0.0.0.0',
  PORT: '3000',
  JWT_SECRET: 'of the floor, of the floor, of the floor',
  VARIANT: 'stock',
  SEED: 'never',
  POOL_SIZE: '4',
};

const askDatabase = ['pg_isready', '-q', '-h', '127.0.0.1', '-U', 'postgres', '-d', 'lab'];
/** Not by Node.js: twenty of these a second would be what is measured. */
const askApi = [
  'bash',
  '-c',
  "exec 3<>/dev/tcp/127.0.0.1/3000 && printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && grep -q ' 200 ' <&3",
];

/** Up and healthy when it returns. @param everyMs how often compose's engine asks: often costs one little, and many much. */
export async function composeLab(world: World, images: FloorImages, everyMs: number): Promise<ComposeLab> {
  const name = `bench${randomBytes(5).toString('hex')}`;
  const folder = join(world.folder('compose'), name);
  mkdirSync(folder);
  const file = join(folder, 'compose.yaml');
  const healthy = (test: readonly string[]) => ({
    test: ['CMD', ...test],
    interval: `${everyMs}ms`,
    timeout: '10s',
    retries: 400,
  });
  // What the containers of labs have, too.
  const common = (memory: string, cpus: number) => ({
    user: '999:999',
    init: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    mem_limit: memory,
    cpus,
    pids_limit: 256,
  });
  writeFileSync(
    file,
    JSON.stringify({
      name,
      services: {
        database: {
          ...common('512m', 1),
          image: images.database,
          entrypoint: ['sh', '-c', serve],
          tmpfs: ['/tmp', '/var/lib/postgresql/data'],
          healthcheck: healthy(askDatabase),
        },
        api: {
          ...common('384m', 1),
          image: images.labwright,
          entrypoint: apiProgram,
          environment: apiEnvironment,
          read_only: true,
          tmpfs: ['/tmp'],
          depends_on: { database: { condition: 'service_healthy' } },
          healthcheck: healthy(askApi),
        },
        workspace: {
          ...common('1024m', 2),
          image: images.workspace,
          entrypoint: ['sleep', 'infinity'],
          read_only: true,
          tmpfs: ['/tmp'],
          volumes: ['files:/lab/workspace'],
        },
      },
      volumes: { files: {} },
      networks: { default: { internal: true } },
    }),
  );
  const compose = (...args: string[]) =>
    run('docker', ['compose', '--file', file, ...args], { signal: world.signal, timeout: patienceMs });
  const remove = async () => {
    await run('docker', ['compose', '--file', file, 'down', '--volumes', '--timeout', '0'], {
      timeout: patienceMs,
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
  const docker = (...args: string[]) => run('docker', args, { signal: world.signal, timeout: patienceMs });
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
    '--init',
    '--user',
    '999:999',
    '--cap-drop',
    'ALL',
    '--security-opt',
    'no-new-privileges',
  ];
  const hardened = ['--read-only', '--tmpfs', '/tmp'];
  const environment = Object.entries(apiEnvironment).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
  try {
    await docker('network', 'create', '--internal', name);
    const volumes = ['--tmpfs', '/var/lib/postgresql/data'];
    await Promise.all([
      docker('run', ...common('database'), ...volumes, '--entrypoint', 'sh', images.database, '-c', serve),
      docker(
        'run',
        ...common('workspace'),
        ...hardened,
        '--volume',
        `${name}:/lab/workspace`,
        '--entrypoint',
        'sleep',
        images.workspace,
        'infinity',
      ),
    ]);
    await until('exec', `${name}-database`, ...askDatabase);
    await docker(
      'run',
      ...common('api'),
      ...hardened,
      ...environment,
      '--entrypoint',
      'node',
      images.labwright,
      ...apiProgram.slice(1),
    );
    await until('exec', `${name}-api`, ...askApi);
  } catch (thrown) {
    await remove();
    throw thrown;
  }
  return { remove };
}
