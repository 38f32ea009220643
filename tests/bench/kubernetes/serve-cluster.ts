/** A server whose labs are pods, and the first lab of it, which is what its floor is made after. */
import { ensureClusterImages } from '../../support/cluster-images.ts';
import { kubernetesMissing, startTestCluster } from '../../support/kubernetes.ts';
import { installationOf } from '../installation.ts';
import { labsOf } from '../labs.ts';
import type { World } from '../world.ts';
import { kubectl } from './kubectl.ts';

/** A lab that is ready, and where it is. */
export interface Example {
  readonly labId: string;
  readonly sandboxId: string;
}

/** Whether a cluster and kubectl answer here. Where not, the rows of this backend say so and have no lines. */
export async function hasCluster(world: World): Promise<boolean> {
  const missing =
    kubernetesMissing ??
    (await kubectl(world.signal, ['version']).then(
      () => null,
      (thrown: Error) => `kubectl does not answer (${thrown.message.slice(0, 300)})`,
    ));
  if (missing !== null) world.say(`  ${missing}: nothing is measured`);
  return missing === null;
}

export async function serveClusterLabs(world: World, name: string) {
  await ensureClusterImages();
  const databaseUrl = await world.controlDatabase(name);
  const { KUBECONFIG } = process.env;
  const env = { BACKENDS: 'kubernetes', ...(KUBECONFIG === undefined ? {} : { KUBECONFIG }) };
  const server = await world.serve({ dataDir: world.folder(name), databaseUrl, spares: 0, env });
  const installation = await installationOf(databaseUrl);
  world.defer('what is left in the cluster', async () => {
    await server.stop();
    await startTestCluster(installation).stop();
  });
  const labs = labsOf(world, server, databaseUrl);
  // The first one makes what all begin with.
  const labId = await labs.ask();
  await labs.until(labId, 'ready', 50);
  const example: Example = { labId, sandboxId: await labs.sandboxOf(labId) };
  return { server, labs, installation, example };
}
