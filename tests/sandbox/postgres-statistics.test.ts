import { databaseStatisticsContract } from '../contracts/database-statistics-contract.ts';
import { startTestDriver } from '../support/process-driver.ts';

databaseStatisticsContract(() => startTestDriver());
