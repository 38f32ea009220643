/** One lab of a runtime in this process: what the HTTP API does for a server's labs, called directly. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Runtime } from '../compose.ts';
import type { Caller, CreateLab } from '../lab/lab-service.ts';

const everyMs = 50;

export interface OwnLab {
  readonly id: string;
  /** Waits until it is ready, also again after a reset; what it says when it ends instead, else null. */
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

  /** The message that it stopped at. */
  async function until(done: (status: string) => boolean, signal: AbortSignal): Promise<string> {
    for (;;) {
      const { view } = await labs.getLab(caller, id);
      if (done(view.status)) return view.message;
      say(view.message);
      await delay(everyMs, undefined, { signal });
    }
  }

  return {
    id,
    async ready(signal) {
      let ends = false;
      const message = await until((status) => {
        ends = status === 'ending' || status === 'ended';
        return ends || status === 'ready';
      }, signal);
      return ends ? message : null;
    },
    access: () => labs.access(caller, id),
    async end(signal) {
      await labs.deleteLab(caller, id);
      await until((status) => status === 'ended', signal);
    },
  };
}
