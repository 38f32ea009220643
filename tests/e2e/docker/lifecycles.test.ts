import { describe } from 'vitest';
import { dockerMissing, requireDocker } from '../../support/docker.ts';
import { lifecyclesOr, livesOfLabs } from '../lifecycles.ts';
import { gateway, patienceMs, type Site, startSite } from './site.ts';

const count = lifecyclesOr(16);
/** A life of its own each; an idle two-core machine takes a second or two for most. */
const timeoutMs = 120_000 + count * 20_000;

requireDocker();

describe.skipIf(dockerMissing !== null)(`${count} lives of labs`, { timeout: timeoutMs }, () => {
  livesOfLabs<Site>({
    count,
    burst: 8,
    patienceMs,
    start: startSite,
    losses: {
      'loses its partner': (site, lab) => site.harm(lab, 'partner', (one) => one.kill()),
      'loses its workspace': (site, lab) => site.harm(lab, 'workspace', (one) => one.remove({ force: true })),
      'loses its gateway': (site, lab) => site.harm(lab, gateway, (one) => one.remove({ force: true })),
      'loses its network': loseNetwork,
    },
    async isWhole(site, lab) {
      const { running, networks } = await site.partsOf(lab);
      const parts = [gateway, 'workspace'];
      return networks === 1 && parts.every((one) => running.includes(one)) && running.length >= 3;
    },
    nothing: { containers: 0, networks: 0, volumes: 0, images: 0 },
  });
});

async function loseNetwork(site: Site, lab: string): Promise<void> {
  const network = await site.networkOf(lab);
  await site.direct(async (docker) => {
    const { Containers = {} } = (await docker.getNetwork(network).inspect()) as { Containers?: object };
    for (const Container of Object.keys(Containers)) {
      await docker.getNetwork(network).disconnect({ Container, Force: true });
    }
    await docker.getNetwork(network).remove();
  });
}
