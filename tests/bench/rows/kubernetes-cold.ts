/** A lab in a cluster that nobody has made in advance, against the same objects by kubectl: one, and twenty at once. */
import type { Bench } from '../bench.ts';
import { notWithKubectl } from '../kubernetes/floor-objects.ts';
import { openFloor } from '../kubernetes/kubectl-lab.ts';
import { hasCluster, serveClusterLabs } from '../kubernetes/serve-cluster.ts';
import { interleave } from '../measure.ts';

export const kubernetesCold: Bench = {
  row: 7,
  name: 'kubernetes-cold',
  group: 'kubernetes',
  async run(world) {
    if (!(await hasCluster(world))) return [];
    const { server, labs, installation, example } = await serveClusterLabs(world, 'kubernetes_cold');
    const floor = await openFloor(world, installation, example);
    await labs.end(example.labId);

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
      const made = await Promise.allSettled(Array.from({ length: count }, () => floor.up()));
      const took = performance.now() - start;
      await Promise.all(made.map((one) => (one.status === 'fulfilled' ? one.value.remove() : null)));
      const failed = made.find((one) => one.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      return took;
    }

    const sides = (count: number) => ({ ours: () => timed(count), floor: () => timedFloor(count) });
    const { signal, burst } = world;
    const single = await interleave(sides(1), { samples: world.samples(30, 4), warmups: 1, signal });
    const many = await interleave(sides(burst), { samples: world.samples(4, 1), warmups: 0, signal });
    await server.stop();
    const note = `floor: kubectl apply && kubectl wait, of the objects that a lab really had; ${notWithKubectl}`;
    return [
      {
        what: 'cold lab in a cluster, POST to ready',
        unit: 'ms',
        ...single,
        target: { kind: 'ratio', atMost: 1.1 },
        note,
      },
      {
        what: `${burst} at once, until all are ready`,
        unit: 'ms',
        ...many,
        target: { kind: 'ratio', atMost: 0.9 },
        note,
      },
    ];
  },
};
