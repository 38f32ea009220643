import { beforeAll, describe } from 'vitest';
import { driverPauseContract } from '../../contracts/driver-pause-contract.ts';
import { dockerMissing, requireDocker } from '../../support/docker.ts';
import { startDockerDriver } from '../../support/docker-driver.ts';
import { ensureImages, imagesTimeoutMs } from '../../support/images.ts';

requireDocker();

describe.skipIf(dockerMissing !== null)('on the real engine', { timeout: 240_000 }, () => {
  beforeAll(async () => void (await ensureImages()), imagesTimeoutMs);

  driverPauseContract('docker', startDockerDriver);
});
