/** Requests for labs that are taken a second, against a bare server that writes the same row and the same job. */
import { startBare } from '../bare.ts';
import type { Bench } from '../bench.ts';
import { createClient } from '../http.ts';
import { template } from '../labs.ts';
import { interleave } from '../measure.ts';

const connections = 16;
const windowMs = 2_000;

export const accept: Bench = {
  row: 9,
  name: 'accept',
  async run(world) {
    const databaseUrl = await world.controlDatabase('accept');
    const server = await world.serve({
      dataDir: world.folder('accept'),
      databaseUrl,
      spares: 0,
      roles: 'api',
    });
    const bare = await startBare(world, 'accept_bare', false);
    let people = 0;

    /** Everybody asks once: what one person asks for waits for what they asked before. */
    async function rateOf(url: string, path: string, token: string | null): Promise<number> {
      const client = createClient(url, token, connections);
      const start = performance.now();
      let taken = 0;
      const asker = async () => {
        while (performance.now() - start < windowMs) {
          const { status, body } = await client.send('POST', path, { template, trainee: `t${people++}` });
          if (status !== 202) throw new Error(`${path}: ${status} ${body}`);
          taken++;
        }
      };
      await Promise.all(Array.from({ length: connections }, asker));
      client.close();
      return (taken * 1000) / (performance.now() - start);
    }

    const measured = await interleave(
      {
        ours: () => rateOf(server.url ?? '', '/api/v1/labs', server.token),
        floor: () => rateOf(bare.url, '/labs', null),
      },
      { samples: world.samples(6, 2), signal: world.signal },
    );
    await Promise.all([server.stop(), bare.stop()]);
    return [
      {
        what: `labs taken a second over HTTP, ${connections} at once`,
        unit: '/s',
        ...measured,
        target: { kind: 'rate', atLeast: 0.5 },
        note: `windows of ${windowMs / 1000} s without a worker; floor: Fastify, one insert, one BullMQ job, no checks of who asks or what for`,
      },
    ];
  },
};
