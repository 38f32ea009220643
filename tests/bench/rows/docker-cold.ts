/** A lab in containers that nobody has made in advance, against the same stack by compose: one, and twenty at once. */
import type { Bench } from '../bench.ts';
import { floorOf, hasEngine, serveDockerLabs } from '../docker/serve-docker.ts';
import { interleave } from '../measure.ts';

const burst = 20;

export const dockerCold: Bench = {
  row: 5,
  name: 'docker-cold',
  group: 'docker',
  async run(world) {
    if (!(await hasEngine(world))) return [];
    const { server, labs, images } = await serveDockerLabs(world, 'docker_cold', 0);
    const floor = await floorOf(world, images);

    async function timed(count: number): Promise<number> {
      await labs.quiet(0);
      const start = performance.now();
      const ids = await Promise.all(Array.from({ length: count }, () => labs.ask()));
      await Promise.all(ids.map((id) => labs.until(id, 'ready', 20)));
      const took = performance.now() - start;
      await Promise.all(ids.map((id) => labs.end(id)));
      return took;
    }

    async function timedFloor(count: number): Promise<number> {
      await labs.quiet(0);
      const start = performance.now();
      // Often costs one little, and twenty much.
      const everyMs = count === 1 ? 250 : 2_000;
      const made = await Promise.allSettled(Array.from({ length: count }, () => floor.up(everyMs)));
      const took = performance.now() - start;
      await Promise.all(made.map((one) => (one.status === 'fulfilled' ? one.value.remove() : null)));
      const failed = made.find((one) => one.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      return took;
    }

    const sides = (count: number) => ({ ours: () => timed(count), floor: () => timedFloor(count) });
    const { signal } = world;
    const single = await interleave(sides(1), { samples: world.samples(30, 4), warmups: 1, signal });
    const twenty = await interleave(sides(burst), { samples: world.samples(4, 1), warmups: 0, signal });
    await server.stop();
    const note = `floor: ${floor.name}, from the image that labs begin with; both are asked until all is ready`;
    return [
      {
        what: 'cold lab in containers, POST to ready',
        unit: 'ms',
        ...single,
        target: { kind: 'ratio', atMost: 1 },
        note,
      },
      {
        what: `${burst} at once, until all are ready`,
        unit: 'ms',
        ...twenty,
        target: { kind: 'ratio', atMost: 0.7 },
        note,
      },
    ];
  },
};
