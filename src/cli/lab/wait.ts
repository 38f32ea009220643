import { setTimeout as delay } from 'node:timers/promises';
import type { LabWire } from '../../http/lab-wire.ts';
import type { ApiClient } from '../api-client.ts';
import type { Cli } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import type { Progress } from '../progress.ts';
import { labPath } from './wire.ts';

const everyMs = 200;

/** Follows a lab until it is ready, saying how it goes. Throws CliError `lab_ended` when it ends instead. */
export function waitUntilReady(
  api: ApiClient,
  id: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<LabWire> {
  return follow(api, id, progress, signal, (lab) => {
    if (lab.status === 'ending' || lab.status === 'ended') {
      progress.clear();
      throw new CliError('failed', 'lab_ended', `Lab ${id} never got ready: ${lab.message}.`, { lab: id });
    }
    return lab.status === 'ready';
  });
}

/** As `waitUntilReady`, before a person: shows how it goes, then `done`; Ctrl-C leaves it to itself. */
export async function showUntilReady(
  { terminal, interrupts }: Cli,
  api: ApiClient,
  lab: LabWire,
  done: string,
): Promise<LabWire> {
  const progress = terminal.progress();
  const hold = interrupts.hold();
  try {
    progress.say(lab.message);
    const ready = await waitUntilReady(api, lab.id, progress, hold.stop);
    progress.done(done);
    return ready;
  } finally {
    progress.clear();
    hold.release();
  }
}

/** Follows a lab until nothing of it is left. */
export function waitUntilEnded(
  api: ApiClient,
  id: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<LabWire> {
  return follow(api, id, progress, signal, (lab) => lab.status === 'ended');
}

async function follow(
  api: ApiClient,
  id: string,
  progress: Progress,
  signal: AbortSignal,
  isThere: (lab: LabWire) => boolean,
): Promise<LabWire> {
  for (;;) {
    const lab = await api.call<LabWire>('GET', labPath(id), { signal });
    if (isThere(lab)) return lab;
    progress.say(lab.message);
    await delay(everyMs, undefined, { signal });
  }
}
