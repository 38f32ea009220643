import { describe } from 'vitest';
import { databaseOverlayContract } from '../../contracts/database-overlay-contract.ts';
import { databaseRightsContract } from '../../contracts/database-rights-contract.ts';
import { databaseStatisticsContract } from '../../contracts/database-statistics-contract.ts';
import { dockerMissing, requireDocker } from '../../support/docker.ts';
import { imagesTimeoutMs } from '../../support/images.ts';
import { startDockerDatabases } from './database-subject.ts';

requireDocker();

describe.skipIf(dockerMissing !== null)('databases in containers', { timeout: imagesTimeoutMs }, () => {
  describe('rights', () => databaseRightsContract(() => startDockerDatabases()));
  describe('overlays', () => databaseOverlayContract(() => startDockerDatabases()));
  describe('statistics', () => databaseStatisticsContract(() => startDockerDatabases()));
});
