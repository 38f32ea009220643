/** A real Redis for tests, on a port and in a folder of its own, keeping nothing. */
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';

export interface TestRedis {
  readonly url: string;
  /** Forgets everything. */
  flush(): Promise<void>;
  /** Dies at once and comes back, empty, after `awayMs`. */
  restart(awayMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** Null when there is no `redis-server` on the path: the distribution's package has it. */
export function redisProgram(): string | null {
  return spawnSync('redis-server', ['--version']).error === undefined ? 'redis-server' : null;
}

export async function startTestRedis(): Promise<TestRedis> {
  const port = await freePort();
  const words = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const start = () =>
    spawn('redis-server', [...words, '--maxmemory-policy', 'noeviction'], { stdio: 'ignore' });
  let server = start();
  const kill = async () => {
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await gone;
  };
  const client = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 50 });
  client.on('error', () => {});
  await client.ping();
  return {
    url: `redis://127.0.0.1:${port}`,
    async flush() {
      await client.flushall();
    },
    async restart(awayMs) {
      await kill();
      await delay(awayMs);
      server = start();
    },
    async stop() {
      client.disconnect();
      await kill();
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
