/** A lab that is claimed: from the request to an answer that says ready, over HTTP. */
import type { Bench } from '../bench.ts';
import { serveLabs } from '../labs.ts';
import { interleave } from '../measure.ts';

export const claim: Bench = {
  row: 1,
  name: 'claim',
  async run(world) {
    const { server, labs } = await serveLabs(world, 'claim', 1);
    // So that the first sample does not wait for the stock to see what is asked for.
    const first = await labs.ask();
    await labs.until(first, 'ready', 20);
    await labs.end(first);
    let asked = 0;
    const { ours } = await interleave(
      {
        async ours() {
          await labs.quiet(1);
          const start = performance.now();
          const id = await labs.ask();
          asked = performance.now() - start;
          await labs.until(id, 'ready', 0);
          const took = performance.now() - start;
          await labs.end(id);
          return took;
        },
      },
      { samples: world.samples(32, 8), warmups: 3, signal: world.signal },
    );
    await server.stop();
    return [
      {
        what: 'claim of a warm lab, POST to ready',
        unit: 'ms',
        ours,
        floor: null,
        target: { kind: 'bound', p50: 25, p99: 150 },
        note: `ready is seen by asking again without a pause; of the last sample the POST itself took ${asked.toFixed(1)} ms`,
      },
    ];
  },
};
