/** A worker in a process of its own, which says what it serves and never ends it: made to be killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { BullmqQueueOptions } from '../../src/queue/bullmq-queue.ts';

const program = `
  const { createBullmqQueue } = await import(process.argv[1]);
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const queue = await createBullmqQueue({ backend: JSON.parse(process.argv[2]), concurrency: 1, log });
  queue.onWake((key) => {
    console.log('serving ' + key);
    return new Promise(() => {});
  });
  console.log('ready');
`;

export interface SpawnedServer {
  nextLine(): Promise<string>;
  /** As `kill -9` does. */
  kill(): void;
}

export async function spawnServer(backend: BullmqQueueOptions['backend']): Promise<SpawnedServer> {
  const module = new URL('../../src/queue/bullmq-queue.ts', import.meta.url).href;
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', program, module, JSON.stringify(backend)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines = createInterface({ input: child.stdout });
  const waiting: string[] = [];
  lines.on('line', (line) => waiting.push(line));
  async function nextLine(): Promise<string> {
    for (;;) {
      const line = waiting.shift();
      if (line !== undefined) return line;
      await once(lines, 'line', { signal: AbortSignal.timeout(15_000) });
    }
  }
  if ((await nextLine()) !== 'ready') throw new Error('the worker did not start');
  return { nextLine, kill: () => child.kill('SIGKILL') };
}
