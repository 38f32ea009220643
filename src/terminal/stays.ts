/** Notices that what somebody is connected to is no longer there: one look a lab and caller, however many connections. */
import type { Clock } from '../lab/clock.ts';
import { LabError } from '../lab/errors.ts';
import type { Caller } from '../lab/lab-service.ts';
import { type Closing, closingCodes, type WayKind } from './protocol.ts';
import type { Way, Ways } from './ways.ts';

export interface Stays {
  /** Calls `gone` once, unless what is returned is called before. */
  watch(caller: Caller, way: Way, kind: WayKind, gone: (why: Closing) => void): () => void;
  /** Whether it is gone now, and why; null when it is there, or cannot be seen. */
  look(caller: Caller, way: Way, kind: WayKind): Promise<Closing | null>;
  close(): void;
}

interface Seen {
  readonly caller: Caller;
  readonly way: Way;
  readonly kind: WayKind;
}

interface Watched extends Seen {
  readonly gone: (why: Closing) => void;
}

export function createStays(ways: Ways, clock: Clock, lookMs: number): Stays {
  const watched = new Set<Watched>();
  const stop = new AbortController();
  let running = false;

  async function lookAtAll(): Promise<void> {
    const alike = Map.groupBy(watched, ({ caller, way, kind }) =>
      [way.labId, way.component, kind, caller.role, caller.subject].join(' '),
    );
    await Promise.all(
      [...alike.values()].map(async (group) => {
        const [first] = group;
        if (first === undefined) return;
        const found = await see(first);
        for (const one of group) {
          const why = gone(found, one);
          if (why !== null && watched.delete(one)) one.gone(why);
        }
      }),
    );
  }

  /** Its place, or why there is none; null when that cannot be seen just now. */
  async function see({ caller, way, kind }: Seen): Promise<string | Closing | null> {
    try {
      return (await ways.find(caller, way.labId, way.component, kind, way.service)).place;
    } catch (thrown) {
      if (!(thrown instanceof LabError) || thrown.status >= 500) return null;
      return thrown.code === 'lab_not_ready' ? replaced : labEnded;
    }
  }

  async function run(): Promise<void> {
    while (watched.size > 0 && !stop.signal.aborted) {
      await clock.sleep(lookMs, stop.signal);
      await lookAtAll();
    }
  }

  function ensureRunning(): void {
    if (running || stop.signal.aborted) return;
    running = true;
    run()
      // Only the sleep that was stopped.
      .catch(() => undefined)
      .finally(() => {
        running = false;
        if (watched.size > 0) ensureRunning();
      });
  }

  return {
    watch(caller, way, kind, gone) {
      const one = { caller, way, kind, gone };
      watched.add(one);
      ensureRunning();
      return () => watched.delete(one);
    },
    async look(caller, way, kind) {
      const one = { caller, way, kind };
      return gone(await see(one), one);
    },
    close: () => stop.abort(),
  };
}

function gone(found: string | Closing | null, { way }: Seen): Closing | null {
  if (typeof found !== 'string') return found;
  return found === way.place ? null : replaced;
}

const labEnded: Closing = { code: closingCodes.labEnded, reason: 'the lab has ended' };
const replaced: Closing = { code: closingCodes.replaced, reason: 'the lab was reset, rewound or paused' };
