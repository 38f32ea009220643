/** One lab of a runtime in this process: what the HTTP API does for a server's labs, called directly. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Runtime } from '../compose.ts';
import type { LabStatus } from '../lab/describe.ts';
import type { Lab } from '../lab/lab.ts';
import type { Caller, CreateLab } from '../lab/lab-service.ts';

const everyMs = 50;

export interface OwnLab {
  readonly id: string;
  /** Waits until it is ready, also again after a reset. Null then; when it ends instead, why. */
  ready(signal: AbortSignal): Promise<string | null>;
  access(): ReturnType<Runtime['labs']['access']>;
  /** Asks for its end and waits for it. */
  end(signal: AbortSignal): Promise<void>;
}

/** Asks for a lab; `say` is told what is waited for. Throws LabError for a template that does not load. */
export async function askForLab(
  labs: Runtime['labs'],
  caller: Caller,
  wish: CreateLab,
  say: (text: string) => void,
): Promise<OwnLab> {
  const { lab } = await labs.createLab(caller, wish, null);
  const { id } = lab;

  async function until(done: (status: LabStatus) => boolean, signal: AbortSignal): Promise<Lab> {
    for (;;) {
      const { lab: now, view } = await labs.getLab(caller, id);
      if (done(view.status)) return now;
      say(view.message);
      await delay(everyMs, undefined, { signal });
    }
  }

  const ends = (status: LabStatus) => status === 'ending' || status === 'ended';

  return {
    id,
    async ready(signal) {
      const { phase, endReason, endDetail } = await until(
        (status) => status === 'ready' || ends(status),
        signal,
      );
      return phase === 'ready' ? null : (endDetail ?? endReason ?? 'it was ended');
    },
    access: () => labs.access(caller, id),
    async end(signal) {
      await labs.deleteLab(caller, id);
      await until((status) => status === 'ended', signal);
    },
  };
}
