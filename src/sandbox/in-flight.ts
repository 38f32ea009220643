/** Which work on which sandbox is under way in this process. */

export interface InFlight {
  /**
   * Two efforts for the same component and generation become one; another generation of it waits its turn; nothing
   * starts while the sandbox is being destroyed.
   */
  ensure(
    sandboxId: string,
    component: string,
    key: string,
    work: () => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
  /** Waits for what is under way; two destroys become one. */
  destroy(sandboxId: string, work: () => Promise<void>): Promise<void>;
  /** Resolves when nothing is under way any more. */
  settled(): Promise<void>;
}

interface Effort {
  readonly component: string;
  readonly key: string;
  readonly done: Promise<void>;
}

export function createInFlight(): InFlight {
  const efforts = new Map<string, Set<Effort>>();
  const destroys = new Map<string, Promise<void>>();

  const of = (sandboxId: string) => [...(efforts.get(sandboxId) ?? [])];

  function start(
    sandboxId: string,
    component: string,
    key: string,
    work: () => Promise<void>,
  ): Promise<void> {
    const before = [
      destroys.get(sandboxId),
      ...of(sandboxId)
        .filter((e) => e.component === component)
        .map((e) => e.done),
    ];
    const run = async () => {
      await Promise.allSettled(before);
      await work();
    };
    const effort: Effort = { component, key, done: run() };
    const all = efforts.get(sandboxId) ?? new Set();
    efforts.set(sandboxId, all.add(effort));
    const forget = () => {
      all.delete(effort);
      if (all.size === 0 && efforts.get(sandboxId) === all) efforts.delete(sandboxId);
    };
    effort.done.then(forget, forget);
    return effort.done;
  }

  return {
    async ensure(sandboxId, component, key, work, signal) {
      for (;;) {
        const same = of(sandboxId).find((effort) => effort.component === component && effort.key === key);
        if (same === undefined) return start(sandboxId, component, key, work);
        try {
          return await same.done;
        } catch (thrown) {
          // The other caller gave up; that is no reason for this one to.
          if (!isAbort(thrown) || signal.aborted) throw thrown;
        }
      }
    },
    async destroy(sandboxId, work) {
      const underway = destroys.get(sandboxId);
      if (underway !== undefined) return underway;
      const run = async () => {
        await Promise.allSettled(of(sandboxId).map(({ done }) => done));
        await work();
      };
      const done = run();
      destroys.set(sandboxId, done);
      const forget = () => void destroys.delete(sandboxId);
      done.then(forget, forget);
      return done;
    },
    async settled() {
      await Promise.allSettled([
        ...destroys.values(),
        ...[...efforts.values()].flatMap((all) => [...all].map((e) => e.done)),
      ]);
    },
  };
}

function isAbort(thrown: unknown): boolean {
  const { name, code } = thrown as { name?: unknown; code?: unknown };
  return name === 'AbortError' || name === 'TimeoutError' || code === 'aborted';
}
