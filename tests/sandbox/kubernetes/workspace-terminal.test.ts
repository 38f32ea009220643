import { beforeAll, describe } from 'vitest';
import { terminalContract } from '../../contracts/terminal-contract.ts';
import { ensureClusterImages } from '../../support/cluster-images.ts';
import { imagesTimeoutMs } from '../../support/images.ts';
import { kubernetesMissing, requireKubernetes } from '../../support/kubernetes.ts';
import { startKubernetesDriver } from '../../support/kubernetes-driver.ts';

requireKubernetes();

describe.skipIf(kubernetesMissing !== null)('on the real cluster', () => {
  beforeAll(async () => void (await ensureClusterImages()), imagesTimeoutMs);

  terminalContract('kubernetes', startKubernetesDriver);
});
