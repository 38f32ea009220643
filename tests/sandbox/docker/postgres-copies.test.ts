import { describe } from 'vitest';
import { databaseCopiesContract } from '../../contracts/database-copies-contract.ts';
import { databaseReplicaContract } from '../../contracts/database-replica-contract.ts';
import { dockerMissing, requireDocker } from '../../support/docker.ts';
import { startDockerDatabases } from './database-subject.ts';

requireDocker();

describe.skipIf(dockerMissing !== null)('servers in containers', { timeout: 120_000 }, () => {
  describe('copies', () => databaseCopiesContract(() => startDockerDatabases()));
  describe('replicas', () => databaseReplicaContract(() => startDockerDatabases()));
});
