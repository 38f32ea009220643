import { describe } from 'vitest';
import { databaseReplicaContract } from '../contracts/database-replica-contract.ts';
import { startOwnServers } from '../support/own-server.ts';

describe('servers of labs’ own', { timeout: 120_000 }, () => databaseReplicaContract(startOwnServers));
