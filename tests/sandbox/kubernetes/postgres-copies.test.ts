import { describe } from 'vitest';
import { databaseOwnServerContract } from '../../contracts/database-own-server-contract.ts';
import { databasePreparedContract } from '../../contracts/database-prepared-contract.ts';
import { databaseReplicaContract } from '../../contracts/database-replica-contract.ts';
import { kubernetesMissing, requireKubernetes } from '../../support/kubernetes.ts';
import { startKubernetesDatabases } from './database-subject.ts';

requireKubernetes();

describe.skipIf(kubernetesMissing !== null)('servers in pods', { timeout: 240_000 }, () => {
  describe('own servers', () => databaseOwnServerContract(startKubernetesDatabases));
  describe('what they begin with', () => databasePreparedContract(startKubernetesDatabases));
  describe('replicas', () => databaseReplicaContract(startKubernetesDatabases));
});
