/** The namespaces of the real cluster keep to the port's contract. */
import { randomBytes } from 'node:crypto';
import { beforeAll, describe } from 'vitest';
import { namespacesContract, namespacesVersion } from '../../contracts/namespaces-contract.ts';
import { ensureClusterImages } from '../../support/cluster-images.ts';
import { imagesTimeoutMs } from '../../support/images.ts';
import { kubernetesMissing, requireKubernetes } from '../../support/kubernetes.ts';
import { soon, startTraineeWorld } from './trainee-world.ts';

describe('the contract of namespaces', () => {
  requireKubernetes();
});

describe.skipIf(kubernetesMissing !== null)('kubernetes', () => {
  beforeAll(() => ensureClusterImages().then(() => {}), imagesTimeoutMs);
  namespacesContract('kubernetes', async () => {
    const world = await startTraineeWorld();
    const version = namespacesVersion();
    const { components } = version.template;
    const plan = {
      sandboxId: `sbx-${randomBytes(5).toString('hex')}`,
      version,
      components: Object.fromEntries(
        Object.entries(components).map(([name, spec]) => [name, { name, spec, generation: 1 }]),
      ),
      ...{ params: {}, origin: null, variation: null },
    };
    await world.trainee.part.ensure(world.piece(plan, 'production'), soon());
    return {
      namespaces: world.trainee.namespaces,
      plan,
      async close() {
        const { sandboxId } = plan;
        const at = { apiVersion: 'v1', kind: 'Namespace' };
        for (const name of [
          world.spaces.traineeOf({ sandboxId, component: 'production' }),
          world.spaces.controlOf(sandboxId),
        ])
          await world.cluster.remove({ ...at, name }, {}, soon());
        await world.trainee.remove(sandboxId, soon());
        await world.stop();
      },
    };
  });
});
