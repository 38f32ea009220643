/** The lab that `fork-and-wait.ts` copies while it is killed. */
import { forkOf, planFor } from '../contracts/driver-contract-plans.ts';
import { databaseVersion } from './postgres-lab.ts';

export const forkedVersion = databaseVersion({
  'seed.sql': `create table a (x int primary key); insert into a select generate_series(1, 5);
               create schema observability; create table observability.log (id bigserial, x int);`,
});
export const liveLab = planFor('sb-live', forkedVersion, { database: 2 });
export const crashedFork = forkOf(liveLab, 'sb-fork-crash');
