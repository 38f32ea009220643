/** A lab in containers that nobody has made in advance, against the same stack by compose: one, and many at once. */
import type { Bench } from '../bench.ts';
import { floorOf, hasEngine, serveDockerLabs } from '../docker/serve-docker.ts';
import { coldLines } from './cold-lines.ts';

export const dockerCold: Bench = {
  row: 5,
  name: 'docker-cold',
  group: 'docker',
  async run(world) {
    if (!(await hasEngine(world))) return [];
    const { server, labs, images } = await serveDockerLabs(world, 'docker_cold', 0);
    const floor = await floorOf(world, images);
    const lines = await coldLines(world, {
      labs,
      // Often costs one little, and many much.
      floor: (count) => floor.up(count === 1 ? 250 : 2_000),
      where: 'containers',
      atMost: { one: 1, many: 0.7 },
      note: `floor: ${floor.name}, from the image that labs begin with; both are asked until all is ready`,
    });
    await server.stop();
    return lines;
  },
};
