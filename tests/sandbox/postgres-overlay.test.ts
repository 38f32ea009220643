import { databaseOverlayContract } from '../contracts/database-overlay-contract.ts';
import { startTestDriver } from '../support/process-driver.ts';

databaseOverlayContract(() => startTestDriver());
