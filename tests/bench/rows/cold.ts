/** A lab that nobody has made in advance, against its database and its API made by hand. */
import { join } from 'node:path';
import type { Bench } from '../bench.ts';
import { serveLabs } from '../labs.ts';
import { interleave } from '../measure.ts';
import { rawLab, templateDatabase } from '../raw-lab.ts';

export const cold: Bench = {
  row: 2,
  name: 'cold',
  async run(world) {
    const { server, labs } = await serveLabs(world, 'cold', 0);
    const first = await labs.ask();
    await labs.until(first, 'ready', 20);
    await labs.end(first);
    const source = await templateDatabase(world);
    const compileCache = join(world.folder('cold'), 'sandboxes', '.compile-cache');
    const measured = await interleave(
      {
        async ours() {
          await labs.quiet(0);
          const start = performance.now();
          const id = await labs.ask();
          await labs.until(id, 'ready', 10);
          const took = performance.now() - start;
          await labs.end(id);
          return took;
        },
        async floor() {
          await labs.quiet(0);
          const start = performance.now();
          const lab = await rawLab(world, source, compileCache);
          const took = performance.now() - start;
          await lab.remove();
          return took;
        },
      },
      { samples: world.samples(30, 6), warmups: 2, signal: world.signal },
    );
    await server.stop();
    return [
      {
        what: 'cold lab, POST to ready',
        unit: 'ms',
        ...measured,
        target: { kind: 'ratio', atMost: 1.6 },
        note: 'floor: CREATE DATABASE … TEMPLATE, one role, the sample API started the same way to its first 200; both are asked every 10 ms',
      },
    ];
  },
};
