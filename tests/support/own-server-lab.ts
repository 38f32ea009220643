/** A lab whose trainee is superuser, for programs that are killed while they make it or copy it. */
import { forkOf, planFor } from '../contracts/driver-contract-plans.ts';
import { databaseVersion } from './postgres-lab.ts';

const ownVersion = databaseVersion(
  { 'seed.sql': 'create table a (x int primary key); insert into a select generate_series(1, 5)' },
  { traineeRole: 'superuser-own-server' },
);
export const orphan = planFor('sb-own-orphan', ownVersion);
export const orphanFork = forkOf(orphan, 'sb-own-orphan-fork');
