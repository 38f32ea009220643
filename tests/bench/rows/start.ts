/** A whole start on a warm data folder, from spawn to the first 200, against its control cluster alone. */
import { setTimeout as delay } from 'node:timers/promises';
import { startControlCluster } from '../../../src/embedded/clusters.ts';
import { findFreePort } from '../../../src/embedded/free-port.ts';
import { probe } from '../../../src/sandbox/process/http-probe.ts';
import type { Bench } from '../bench.ts';
import { interleave } from '../measure.ts';
import { end, launchServer, startServer } from '../server.ts';

export const start: Bench = {
  row: 14,
  name: 'start',
  async run(world) {
    const { installationKey, signal, users, programs } = world;
    const dataDir = world.folder('start');
    const options = { dataDir, databaseUrl: null, labsUrl: null, installationKey, spares: 0 };
    // The first start makes the databases.
    await (await startServer(options, signal)).stop();
    const home = { dataDir, binaries: programs.postgres, user: users.postgres, installationKey };
    const measured = await interleave(
      {
        async ours() {
          const port = await findFreePort();
          const began = performance.now();
          const { child, stderr } = launchServer({ ...options, env: { PORT: String(port) } });
          try {
            while ((await probe(port, '/healthz', 1_000)) !== 200) {
              if (child.exitCode !== null) throw new Error(`the server did not start: ${stderr()}`);
              signal.throwIfAborted();
              await delay(5);
            }
            return performance.now() - began;
          } finally {
            await end(child, 'SIGTERM');
          }
        },
        async floor() {
          const began = performance.now();
          const cluster = await startControlCluster(home, signal);
          const took = performance.now() - began;
          await cluster.stop();
          return took;
        },
      },
      { samples: world.samples(20, 5), warmups: 2, signal },
    );
    return [
      {
        what: 'start to the first 200',
        unit: 'ms',
        ...measured,
        target: { kind: 'over', atMost: 400 },
        note: 'ours: a new process, both clusters, API and worker; floor: its control cluster alone, started by a process that runs',
      },
    ];
  },
};
