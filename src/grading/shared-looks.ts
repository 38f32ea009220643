/** Top-level observations: looked at once an attempt, however many checks read them. */
import type { LookSpec } from '../templates/types.ts';
import { type Looking, lookAll } from './look-all.ts';
import { isOurs, type Recorded, record } from './record.ts';

export interface SharedLooks {
  all(): Promise<Readonly<Record<string, Recorded>>>;
  /** As `all`, after another look, the only one, at what could not be seen through our own fault. */
  again(): Promise<Readonly<Record<string, Recorded>>>;
}

export function shareLooks(
  looks: Readonly<Record<string, LookSpec>>,
  looking: Looking,
  key: Uint8Array | null,
  signal: AbortSignal,
): SharedLooks {
  const see = async (some: Readonly<Record<string, LookSpec>>) => {
    const seen = Object.entries(await lookAll(some, looking, signal));
    return Object.fromEntries(seen.map(([name, observation]) => [name, record(observation, key)]));
  };
  const first = see(looks);
  // Checks that need none of them never ask, and an abort then has nobody to tell.
  first.catch(() => {});
  let second: Promise<Readonly<Record<string, Recorded>>> | null = null;
  return {
    all: () => first,
    again() {
      second ??= first.then(async (seen) => {
        const lost = Object.entries(looks).filter(([name]) => isOurs(seen[name]?.observation));
        return { ...seen, ...(await see(Object.fromEntries(lost))) };
      });
      return second;
    },
  };
}
