/** Attacks out of labs in a cluster, on the real one. */
import { beforeAll, describe } from 'vitest';
import { ensureClusterImages } from '../../support/cluster-images.ts';
import { imagesTimeoutMs } from '../../support/images.ts';
import { kubernetesMissing, requireKubernetes } from '../../support/kubernetes.ts';
import { tryAttacks } from '../attack.ts';
import { kubernetesAttacks } from './attacks.ts';
import { startKubernetesWorld } from './world.ts';

describe('attacks out of labs in a cluster', () => {
  requireKubernetes();
});

describe.skipIf(kubernetesMissing !== null)('kubernetes', () => {
  beforeAll(() => ensureClusterImages(), imagesTimeoutMs);

  tryAttacks(
    'labs in a cluster',
    kubernetesAttacks,
    { start: startKubernetesWorld, stop: (world) => world.stop() },
    { concurrent: true, timeout: 120_000, startTimeout: 300_000 },
  );
});
