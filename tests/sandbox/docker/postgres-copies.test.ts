import { describe } from 'vitest';
import { databaseOwnServerContract } from '../../contracts/database-own-server-contract.ts';
import { databasePreparedContract } from '../../contracts/database-prepared-contract.ts';
import { databaseReplicaContract } from '../../contracts/database-replica-contract.ts';
import { dockerMissing, requireDocker } from '../../support/docker.ts';
import { startDockerDatabases } from './database-subject.ts';

requireDocker();

describe.skipIf(dockerMissing !== null)('servers in containers', { timeout: 120_000 }, () => {
  describe('own servers', () => databaseOwnServerContract(() => startDockerDatabases()));
  describe('what they begin with', () => databasePreparedContract(() => startDockerDatabases()));
  describe('replicas', () => databaseReplicaContract(() => startDockerDatabases()));
});
