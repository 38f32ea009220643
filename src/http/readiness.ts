/** Looks at every part that the app stands on, side by side and with a deadline. */
import type { Probe } from './deps.ts';

export interface Readiness {
  /** Every required part is up: requests can be answered. */
  readonly ready: boolean;
  readonly parts: Readonly<Record<string, 'up' | 'down'>>;
}

const deadlineMs = 2_000;
/** Whoever asks more often than this gets the last answer: probing must not be a load of its own. */
const keepMs = 500;

export function createReadiness(
  probes: readonly Probe[],
  now: () => Date,
  onDown: (part: string, thrown: unknown) => void,
): () => Promise<Readiness> {
  let last: { readonly at: number; readonly answer: Promise<Readiness> } | null = null;

  async function look(): Promise<Readiness> {
    const parts = await Promise.all(
      probes.map(async (probe) => {
        const up = await isUp(probe, onDown);
        return { probe, up };
      }),
    );
    return {
      ready: parts.every(({ probe, up }) => up || !probe.required),
      parts: Object.fromEntries(parts.map(({ probe, up }) => [probe.name, up ? 'up' : 'down'])),
    };
  }

  return () => {
    const time = now().getTime();
    if (last === null || time - last.at >= keepMs) last = { at: time, answer: look() };
    return last.answer;
  };
}

/** Also for a probe that neither resolves nor minds its signal. */
async function isUp(probe: Probe, onDown: (part: string, thrown: unknown) => void): Promise<boolean> {
  const signal = AbortSignal.timeout(deadlineMs);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`no answer within ${deadlineMs} ms`)));
  });
  try {
    await Promise.race([probe.check(signal), late]);
    return true;
  } catch (thrown) {
    onDown(probe.name, thrown);
    return false;
  }
}
