/** A few labs of one template; each run has one to itself, at its start. */
import pLimit, { type LimitFunction } from 'p-limit';
import type { ProofLab } from './proof-lab.ts';

interface Held {
  readonly lab: ProofLab;
  used: boolean;
}

export type OpenLab = (seed: string) => Promise<ProofLab>;

export type ProofLabs = ReturnType<typeof createProofLabs>;

/**
 * @param atOnce labs, in use or resting.
 * @param places for whatever is under way, over all templates.
 */
export function createProofLabs(open: OpenLab, atOnce: number, places: LimitFunction) {
  const own = pLimit(atOnce);
  const idle: Held[] = [];
  let count = 0;

  async function take(seed: string): Promise<Held> {
    const at = idle.findIndex(({ lab }) => lab.seed === seed);
    const [found] = at < 0 ? [] : idle.splice(at, 1);
    if (found !== undefined) {
      if (found.used) await orGiveUp(found, () => found.lab.reset());
      return found;
    }
    // One that rests with other values makes room.
    const other = count >= atOnce ? idle.shift() : undefined;
    if (other !== undefined) await drop(other);
    const lab = await open(seed);
    count += 1;
    return { lab, used: false };
  }

  async function drop({ lab }: Held): Promise<void> {
    count -= 1;
    await lab.end();
  }

  /** What went wrong in a lab may go on in it: the next run has another one. */
  async function orGiveUp<T>(held: Held, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await drop(held).catch(() => {});
      throw error;
    }
  }

  return {
    /**
     * Does the work in a lab whose values come from this seed, when its turn comes; null when it is too late then. A lab
     * that is spoiled is not used again.
     */
    within: <T>(
      seed: string,
      isLate: () => boolean,
      work: (lab: ProofLab) => Promise<{ readonly done: T; readonly spoiled: boolean }>,
    ): Promise<T | null> =>
      own(() =>
        places(async () => {
          if (isLate()) return null;
          const held = await take(seed);
          held.used = true;
          const { done, spoiled } = await orGiveUp(held, () => work(held.lab));
          if (spoiled) await drop(held);
          else idle.push(held);
          return done;
        }),
      ),
    /** Ends those that rest; call it when nothing is under way. */
    async end(hurry?: AbortSignal): Promise<void> {
      await Promise.all(idle.splice(0).map(({ lab }) => lab.end(hurry)));
    },
  };
}
