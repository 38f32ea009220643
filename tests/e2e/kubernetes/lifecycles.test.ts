import { describe } from 'vitest';
import { kubernetesMissing, requireKubernetes } from '../../support/kubernetes.ts';
import { lifecyclesOr, livesOfLabs } from '../lifecycles.ts';
import { patienceMs, type Site, startSite } from './site.ts';

const count = lifecyclesOr(12);
/** A life of its own each; five seconds of each are the cluster's own for the end of a namespace. */
const timeoutMs = 240_000 + count * 30_000;
const servicesAndSecrets = [
  ['v1', 'Service'],
  ['v1', 'Secret'],
] as const;

requireKubernetes();

describe.skipIf(kubernetesMissing !== null)(`${count} lives of labs`, { timeout: timeoutMs }, () => {
  livesOfLabs<Site>({
    count,
    burst: 6,
    patienceMs,
    start: startSite,
    losses: {
      'loses its partner': (site, lab) => site.deletePod(lab, 'partner'),
      'loses its workspace': (site, lab) => site.deletePod(lab, 'workspace'),
      'loses its namespace': (site, lab) => site.deleteNamespace(lab),
      'loses its Services and Secrets': (site, lab) => site.deleteAll(lab, servicesAndSecrets),
    },
    async isWhole(site, lab) {
      const running = await site.running(lab);
      return running.includes('workspace') && running.length >= 2;
    },
    nothing: { namespaces: 0, volumes: 0 },
  });
});
