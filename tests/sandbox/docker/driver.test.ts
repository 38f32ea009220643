import { describe } from 'vitest';
import { driverContract } from '../../contracts/driver-contract.ts';
import { dockerMissing, requireDocker } from '../../support/docker.ts';
import { startDockerDriver } from '../../support/docker-driver.ts';

describe.skipIf(dockerMissing !== null)('on the real engine', () => {
  driverContract('docker', startDockerDriver);
});

requireDocker();
