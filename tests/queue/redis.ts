/** A real Redis for tests, on a port and in a folder of its own, keeping nothing. */
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';

export interface TestRedis {
  readonly url: string;
  /** Forgets everything. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/** Null when there is no `redis-server` on the path: the distribution's package has it. */
export function redisProgram(): string | null {
  return spawnSync('redis-server', ['--version']).error === undefined ? 'redis-server' : null;
}

export async function startTestRedis(): Promise<TestRedis> {
  const port = await freePort();
  const words = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const server = spawn('redis-server', [...words, '--maxmemory-policy', 'noeviction'], { stdio: 'ignore' });
  const client = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 50 });
  client.on('error', () => {});
  await Promise.race([
    client.ping(),
    delay(10_000).then(() => Promise.reject(new Error('redis does not start'))),
  ]);
  return {
    url: `redis://127.0.0.1:${port}`,
    async flush() {
      await client.flushall();
    },
    async stop() {
      client.disconnect();
      const gone = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGKILL');
      await gone;
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
