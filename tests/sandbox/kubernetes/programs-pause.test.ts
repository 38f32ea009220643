import { beforeAll, describe } from 'vitest';
import { driverPauseContract } from '../../contracts/driver-pause-contract.ts';
import { ensureClusterImages } from '../../support/cluster-images.ts';
import { imagesTimeoutMs } from '../../support/images.ts';
import { kubernetesMissing, requireKubernetes } from '../../support/kubernetes.ts';
import { startKubernetesDriver } from '../../support/kubernetes-driver.ts';

requireKubernetes();

describe.skipIf(kubernetesMissing !== null)('on the real cluster', { timeout: 240_000 }, () => {
  beforeAll(async () => void (await ensureClusterImages()), imagesTimeoutMs);

  driverPauseContract('kubernetes', startKubernetesDriver);
});
