/** How many ways into one lab, and into all of them, may be open at once. */
import { LabError } from '../lab/errors.ts';

export interface Seats {
  /** Throws `too_soon` when all are taken. @returns gives it back; calling it again does nothing. */
  take(labId: string): () => void;
}

/** @param what they are, in the plural. */
export function createSeats(what: string, most: { readonly lab: number; readonly all: number }): Seats {
  const taken = new Map<string, number>();
  let all = 0;
  return {
    take(labId) {
      const mine = taken.get(labId) ?? 0;
      if (mine >= most.lab) throw full(`This lab has ${mine} ${what} open, as many as are allowed`, most.lab);
      if (all >= most.all) throw full(`This server has ${all} ${what} open, as many as it takes`, most.all);
      taken.set(labId, mine + 1);
      all += 1;
      let isGiven = false;
      return () => {
        if (isGiven) return;
        isGiven = true;
        all -= 1;
        const left = (taken.get(labId) ?? 1) - 1;
        if (left > 0) taken.set(labId, left);
        else taken.delete(labId);
      };
    },
  };
}

function full(text: string, limit: number): LabError {
  return new LabError('too_soon', `${text}: close one.`, { extra: { limit }, retryAfterSeconds: 5 });
}
