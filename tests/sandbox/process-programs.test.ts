import { driverProgramsContract } from '../contracts/driver-programs-contract.ts';
import { driverSubject } from './driver-subject.ts';

driverProgramsContract('process', driverSubject);
