import { terminalContract } from '../contracts/terminal-contract.ts';
import { driverSubject } from '../sandbox/driver-subject.ts';

terminalContract('process', driverSubject);
