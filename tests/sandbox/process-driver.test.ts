import { driverContract } from '../contracts/driver-contract.ts';
import { driverSubject } from './driver-subject.ts';

driverContract('process', driverSubject);
