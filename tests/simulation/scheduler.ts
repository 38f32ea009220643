/**
 * Runs simulated processes one await at a time, in an order drawn from a seed. A process that crashes never runs
 * again, whatever it was waiting for; one that is frozen goes on later with what it knew before.
 */
export class Process {
  alive = true;
  frozen = false;
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

interface Waiting {
  readonly process: Process;
  readonly resume: () => void;
}

interface Sleeping extends Waiting {
  readonly until: number;
}

export class Scheduler {
  time = Date.UTC(2026, 0, 1);
  readonly #random: () => number;
  #ready: Waiting[] = [];
  #sleeping: Sleeping[] = [];

  constructor(random: () => number) {
    this.#random = random;
  }

  readonly now = (): Date => new Date(this.time);

  /** Where a process gives way: resolves when the scheduler picks it, never when its process is dead. */
  pause(process: Process): Promise<void> {
    return new Promise((resolve) => {
      this.#ready.push({ process, resume: resolve });
    });
  }

  sleep(process: Process, ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const entry: Sleeping = { process, until: this.time + ms, resume: resolve };
      this.#sleeping.push(entry);
      signal.addEventListener('abort', () => {
        this.#sleeping = this.#sleeping.filter((other) => other !== entry);
        reject(signal.reason);
      });
    });
  }

  /** Lets one waiting process go on to its next await; false when none can. */
  async step(): Promise<boolean> {
    this.#ready = this.#ready.filter((waiting) => waiting.process.alive);
    const runnable = this.#ready.filter((waiting) => !waiting.process.frozen);
    const chosen = runnable[Math.floor(this.#random() * runnable.length)];
    if (chosen === undefined) return false;
    this.#ready.splice(this.#ready.indexOf(chosen), 1);
    chosen.resume();
    await settle();
    return true;
  }

  /** Moves the clock on; what slept until then may run, a frozen process once it goes on. */
  async advance(ms: number): Promise<void> {
    this.time += ms;
    const due = this.#sleeping.filter((entry) => entry.until <= this.time);
    this.#sleeping = this.#sleeping.filter((entry) => entry.until > this.time && entry.process.alive);
    for (const entry of due) if (entry.process.alive) this.#ready.push(entry);
    await settle();
  }
}

/** Until everything that was resumed has come to its next await: ticks run when no microtask is left. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}
