import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from './clock.ts';

/** The machine's own clock; sleeping never keeps the process alive by itself. */
export const realClock: Clock = {
  sleep: (ms, signal) => sleep(ms, undefined, { signal, ref: false }),
};
