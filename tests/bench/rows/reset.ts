/** A full reset, served by a spare, against dropping and cloning the database alone. */
import type { Bench } from '../bench.ts';
import { serveLabs } from '../labs.ts';
import { interleave } from '../measure.ts';
import { rawClone, rawDrop, templateDatabase } from '../raw-lab.ts';

export const reset: Bench = {
  row: 4,
  name: 'reset',
  async run(world) {
    const { server, labs } = await serveLabs(world, 'reset', 1);
    const id = await labs.ask();
    await labs.until(id, 'ready', 20);
    const source = await templateDatabase(world);
    await rawClone(world, source, 'raw_reset');
    const measured = await interleave(
      {
        async ours() {
          await labs.quiet(1);
          const start = performance.now();
          await labs.reset(id);
          await labs.until(id, 'ready', 0);
          return performance.now() - start;
        },
        async floor() {
          await labs.quiet(1);
          const start = performance.now();
          await rawDrop(world, 'raw_reset');
          await rawClone(world, source, 'raw_reset');
          return performance.now() - start;
        },
      },
      { samples: world.samples(30, 6), warmups: 2, signal: world.signal },
    );
    await rawDrop(world, 'raw_reset');
    await server.stop();
    return [
      {
        what: 'reset of a whole lab, POST to ready',
        unit: 'ms',
        ...measured,
        target: { kind: 'ratio', atMost: 0.3 },
        note: 'ours over HTTP with a spare there, seen by asking again without a pause; floor: DROP and CREATE DATABASE … TEMPLATE on an open connection',
      },
    ];
  },
};
