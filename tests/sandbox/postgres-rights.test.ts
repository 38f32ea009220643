import { databaseRightsContract } from '../contracts/database-rights-contract.ts';
import { startTestDriver } from '../support/process-driver.ts';

databaseRightsContract(() => startTestDriver());
