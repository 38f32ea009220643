import { beforeAll, describe } from 'vitest';
import { driverContract } from '../../contracts/driver-contract.ts';
import { ensureClusterImages } from '../../support/cluster-images.ts';
import { imagesTimeoutMs } from '../../support/images.ts';
import { kubernetesMissing, requireKubernetes } from '../../support/kubernetes.ts';
import { startKubernetesDriver } from '../../support/kubernetes-driver.ts';

requireKubernetes();

describe.skipIf(kubernetesMissing !== null)('on the real cluster', { timeout: 120_000 }, () => {
  beforeAll(async () => void (await ensureClusterImages()), imagesTimeoutMs);

  driverContract('kubernetes', startKubernetesDriver);
});
