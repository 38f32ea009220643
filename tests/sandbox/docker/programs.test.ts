/** Programs of labs in containers, on the real engine. */
import { beforeAll, describe } from 'vitest';
import { driverProgramsContract } from '../../contracts/driver-programs-contract.ts';
import { dockerMissing, requireDocker } from '../../support/docker.ts';
import { startDockerDriver } from '../../support/docker-driver.ts';
import { ensureImages, imagesTimeoutMs } from '../../support/images.ts';

requireDocker();

describe.skipIf(dockerMissing !== null)('docker', () => {
  beforeAll(() => ensureImages(), imagesTimeoutMs);

  driverProgramsContract('docker', startDockerDriver);
});
