import { describe } from 'vitest';
import { terminalContract } from '../contracts/terminal-contract.ts';
import { dockerMissing, requireDocker } from '../support/docker.ts';
import { startDockerDriver } from '../support/docker-driver.ts';

describe.skipIf(dockerMissing !== null)('on the real engine', () => {
  terminalContract('docker', startDockerDriver);
});

requireDocker();
