import { driverPauseContract } from '../contracts/driver-pause-contract.ts';
import { driverSubject } from './driver-subject.ts';

driverPauseContract('process', driverSubject);
