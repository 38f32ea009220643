/** A lab in containers that a spare serves: from the request to an answer that says ready, over HTTP. */
import type { Bench } from '../bench.ts';
import { hasEngine, serveDockerLabs } from '../docker/serve-docker.ts';
import { interleave } from '../measure.ts';

export const dockerClaim: Bench = {
  row: 1,
  name: 'docker-claim',
  group: 'docker',
  async run(world) {
    if (!(await hasEngine(world))) return [];
    const { server, labs } = await serveDockerLabs(world, 'docker_claim', 1);
    const { ours } = await interleave(
      {
        async ours() {
          await labs.quiet(1);
          const start = performance.now();
          const id = await labs.ask();
          await labs.until(id, 'ready', 0);
          const took = performance.now() - start;
          await labs.end(id);
          return took;
        },
      },
      { samples: world.samples(32, 6), warmups: 2, signal: world.signal },
    );
    await server.stop();
    const target = { kind: 'bound', p50: 25, p99: 150 } as const;
    return [
      { what: 'claim of a warm lab in containers, POST to ready', unit: 'ms', ours, floor: null, target },
    ];
  },
};
