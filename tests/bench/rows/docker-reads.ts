/** What somebody who only reads feels while fifty labs start. */
import type { Bench } from '../bench.ts';
import { hasEngine, serveDockerLabs } from '../docker/serve-docker.ts';
import type { Series } from '../measure.ts';

const starting = 50;

export const dockerReads: Bench = {
  row: 10,
  name: 'docker-reads',
  group: 'docker',
  async run(world) {
    if (!(await hasEngine(world))) return [];
    const { server, labs } = await serveDockerLabs(world, 'docker_reads', 0);
    const wanted = world.quick ? 10 : starting;

    /** Reads one after the other until `over`, at least so many. */
    async function reads(atLeast: number, over: () => boolean): Promise<Series> {
      const samples: number[] = [];
      let failures = 0;
      while (samples.length < atLeast || !over()) {
        world.signal.throwIfAborted();
        const start = performance.now();
        await labs.client.json('GET', '/api/v1/labs?limit=20').then(
          () => samples.push(performance.now() - start),
          () => {
            failures += 1;
          },
        );
      }
      return { samples, failures };
    }

    await labs.quiet(0);
    const floor = await reads(1_000, () => true);
    const ids = await Promise.all(Array.from({ length: wanted }, () => labs.ask()));
    let ready = false;
    const waiting = Promise.all(ids.map((id) => labs.until(id, 'ready', 250))).finally(() => {
      ready = true;
    });
    const ours = await reads(100, () => ready);
    await waiting;
    await Promise.all(ids.map((id) => labs.end(id)));
    await server.stop();
    return [
      {
        what: `a page of labs while ${wanted} labs start in containers`,
        unit: 'ms',
        ours,
        floor,
        target: { kind: 'ratio', atMost: 3, of: 'p99' },
        note: 'floor: the same request while nothing happens; API and worker are one process, on the machine that also runs the labs',
      },
    ];
  },
};
