/** What API and worker keep in memory while nothing happens, against a bare server of the same packages. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { startBare } from '../bare.ts';
import type { Bench } from '../bench.ts';
import { createClient } from '../http.ts';
import { interleave } from '../measure.ts';

const idleMs = 5_000;

export const memory: Bench = {
  row: 15,
  name: 'memory',
  async run(world) {
    const databaseUrl = await world.controlDatabase('memory');
    const measured = await interleave(
      {
        async ours() {
          const server = await world.serve({ dataDir: world.folder('memory'), databaseUrl, spares: 0 });
          const rss = await idle(server.url ?? '', server.pid, world.signal);
          await server.stop();
          return rss;
        },
        async floor() {
          const bare = await startBare(world, 'memory_bare', true);
          const rss = await idle(bare.url, bare.pid, world.signal);
          await bare.stop();
          return rss;
        },
      },
      { samples: world.samples(3, 1), warmups: 1, signal: world.signal },
    );
    return [
      {
        what: 'API and worker, idle, resident',
        unit: 'MiB',
        ...measured,
        target: { kind: 'ratio', atMost: 1.3 },
        note: `${idleMs / 1000} s after the first answer; floor: Fastify, pg and a BullMQ queue with its worker in one process`,
      },
    ];
  },
};

async function idle(url: string, pid: number, signal: AbortSignal): Promise<number> {
  const client = createClient(url, null, 1);
  await client.json('GET', '/healthz');
  client.close();
  await delay(idleMs, undefined, { signal });
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]);
  return (pages * 4096) / 1024 / 1024;
}
