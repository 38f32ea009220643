/**
 * Which sandboxes are brought up now. An engine that starts many at once starts none for a long time, and what takes
 * too long is given up; so they come one after the other, as many at a time as its processors can be kept busy with.
 */
import { LabError } from '../../lab/errors.ts';

interface Whose {
  readonly sandboxId: string;
  /** What it is a copy of. */
  readonly origin: object | null;
}

export interface Starts {
  /**
   * Does `work` when it is the sandbox's turn; what else is brought up of that sandbox meanwhile is part of the turn.
   * Copies go first, for a grade waits for them; and so do sandboxes that have had a turn: they are half made, or
   * somebody works in them. Throws the signal's reason, and
   * LabError `backend_busy` after a long wait.
   */
  take<T>(plan: Whose, work: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** To be told that a sandbox is gone. */
  forget(sandboxId: string): void;
}

interface Turn {
  readonly sandboxId: string;
  efforts: number;
  readonly timer: NodeJS.Timeout;
}

interface Waiting {
  readonly sandboxId: string;
  readonly isCopy: boolean;
  readonly begin: (turn: Turn) => void;
}

export interface StartTimes {
  /** What takes longer waits for something that is not the engine: the next one need not. */
  readonly turnMs: number;
  /** Well below what an effort may take as a whole. */
  readonly patienceMs: number;
}

const usual: StartTimes = { turnMs: 10_000, patienceMs: 90_000 };

/** @param atOnce how many have a turn at a time; asked when one comes. */
export function createStarts(atOnce: () => number, { turnMs, patienceMs }: StartTimes = usual): Starts {
  const turns = new Map<string, Turn>();
  const known = new Set<string>();
  let waiting: readonly Waiting[] = [];

  function begin(sandboxId: string): Turn {
    const timer = setTimeout(() => over(turn), turnMs);
    const turn: Turn = { sandboxId, efforts: 0, timer };
    turns.set(sandboxId, turn);
    known.add(sandboxId);
    return turn;
  }

  function over(turn: Turn): void {
    clearTimeout(turn.timer);
    if (turns.get(turn.sandboxId) === turn) turns.delete(turn.sandboxId);
    beginNext();
  }

  function beginNext(): void {
    while (turns.size < atOnce()) {
      const next = waiting.find(({ sandboxId, isCopy }) => isCopy || known.has(sandboxId)) ?? waiting[0];
      if (next === undefined) return;
      const mine = waiting.filter(({ sandboxId }) => sandboxId === next.sandboxId);
      waiting = waiting.filter((one) => !mine.includes(one));
      const begun = begin(next.sandboxId);
      for (const one of mine) {
        begun.efforts += 1;
        one.begin(begun);
      }
    }
  }

  function enter({ sandboxId, origin }: Whose, signal: AbortSignal): Promise<Turn> {
    signal.throwIfAborted();
    const present = turns.get(sandboxId);
    if (present !== undefined) {
      present.efforts += 1;
      return Promise.resolve(present);
    }
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(late);
        signal.removeEventListener('abort', abort);
        waiting = waiting.filter((one) => one !== mine);
      };
      const mine: Waiting = {
        sandboxId,
        isCopy: origin !== null,
        begin(turn) {
          settle();
          resolve(turn);
        },
      };
      const abort = () => {
        settle();
        reject(signal.reason);
      };
      const late = setTimeout(() => {
        settle();
        const message = 'The Docker Engine is starting other labs, and this one waits for its turn.';
        reject(new LabError('backend_busy', message, { retryAfterSeconds: 5 }));
      }, patienceMs);
      signal.addEventListener('abort', abort, { once: true });
      waiting = [...waiting, mine];
      beginNext();
    });
  }

  return {
    async take(plan, work, signal) {
      const turn = await enter(plan, signal);
      try {
        return await work();
      } finally {
        turn.efforts -= 1;
        if (turn.efforts === 0) over(turn);
      }
    },
    forget: (sandboxId) => void known.delete(sandboxId),
  };
}
