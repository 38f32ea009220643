import { beforeAll, describe } from 'vitest';
import { driverContract } from '../../contracts/driver-contract.ts';
import { dockerMissing, requireDocker } from '../../support/docker.ts';
import { startDockerDriver } from '../../support/docker-driver.ts';
import { ensureImages, imagesTimeoutMs } from '../../support/images.ts';

requireDocker();

describe.skipIf(dockerMissing !== null)('on the real engine', { timeout: 90_000 }, () => {
  beforeAll(() => ensureImages(), imagesTimeoutMs);

  driverContract('docker', startDockerDriver);
});
