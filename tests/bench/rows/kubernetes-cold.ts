/** A lab in a cluster that nobody has made in advance, against the same objects by kubectl: one, and many at once. */
import type { Bench } from '../bench.ts';
import { notWithKubectl } from '../kubernetes/floor-objects.ts';
import { openFloor } from '../kubernetes/kubectl-lab.ts';
import { hasCluster, serveClusterLabs } from '../kubernetes/serve-cluster.ts';
import { coldLines } from './cold-lines.ts';

export const kubernetesCold: Bench = {
  row: 7,
  name: 'kubernetes-cold',
  group: 'kubernetes',
  async run(world) {
    if (!(await hasCluster(world))) return [];
    const { server, labs, installation, example } = await serveClusterLabs(world, 'kubernetes_cold');
    const floor = await openFloor(world, installation, example);
    await labs.end(example.labId);
    const lines = await coldLines(world, {
      labs,
      floor: floor.up,
      where: 'a cluster',
      atMost: { one: 1.1, many: 0.9 },
      note: `floor: kubectl apply && kubectl wait, of the objects that a lab really had; ${notWithKubectl}`,
    });
    await server.stop();
    return lines;
  },
};
