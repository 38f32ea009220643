import type { Runtime } from '../compose.ts';
import type { Judged } from './cells.ts';

/** What attempts of this process were judged on, until it is taken. */
export interface Witnessed {
  take(labId: string, attempt: number): Judged;
}

export function witness(runtime: Pick<Runtime, 'setWitness'>): Witnessed {
  const seen = new Map<string, Judged>();
  runtime.setWitness(({ labId, number }, judged) => void seen.set(`${labId}/${number}`, judged));
  return {
    take(labId, attempt) {
      const key = `${labId}/${attempt}`;
      const judged = seen.get(key) ?? [];
      seen.delete(key);
      return judged;
    },
  };
}
