import { describe } from 'vitest';
import { databaseCopiesContract } from '../../contracts/database-copies-contract.ts';
import { databaseReplicaContract } from '../../contracts/database-replica-contract.ts';
import { kubernetesMissing, requireKubernetes } from '../../support/kubernetes.ts';
import { startKubernetesDatabases } from './database-subject.ts';

requireKubernetes();

describe.skipIf(kubernetesMissing !== null)('servers in pods', { timeout: 240_000 }, () => {
  describe('copies', () => databaseCopiesContract(startKubernetesDatabases));
  describe('replicas', () => databaseReplicaContract(startKubernetesDatabases));
});
