import { terminalContract } from '../contracts/terminal-contract.ts';
import { startTestDriver } from '../support/process-driver.ts';

terminalContract('process', startTestDriver);
