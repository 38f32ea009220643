import { describe } from 'vitest';
import { databaseOverlayContract } from '../../contracts/database-overlay-contract.ts';
import { databaseRightsContract } from '../../contracts/database-rights-contract.ts';
import { databaseStatisticsContract } from '../../contracts/database-statistics-contract.ts';
import { imagesTimeoutMs } from '../../support/images.ts';
import { kubernetesMissing, requireKubernetes } from '../../support/kubernetes.ts';
import { startKubernetesDatabases } from './database-subject.ts';

requireKubernetes();

describe.skipIf(kubernetesMissing !== null)('databases in pods', { timeout: imagesTimeoutMs }, () => {
  describe('rights', () => databaseRightsContract(startKubernetesDatabases));
  describe('overlays', () => databaseOverlayContract(startKubernetesDatabases));
  describe('statistics', () => databaseStatisticsContract(startKubernetesDatabases));
});
