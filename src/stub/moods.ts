/** Which request is disturbed, and how. Pure: the same seed, call and number give the same, in any order of arrival. */
import { createHash } from 'node:crypto';
import type { Disturbance, MoodSpec } from './spec.ts';

export interface Struck {
  /** Requests of this call that came before, in this mood. */
  readonly before: number;
  /** How many of them were disturbed. */
  readonly disturbed: number;
}

/** What happens to a request; null: nothing. Fixed places (`at`) come before chances. */
export function disturbanceOf(
  mood: MoodSpec | undefined,
  of: { readonly seed: number; readonly route: string; readonly call: string } & Struck,
): Disturbance | null {
  if (mood === undefined || of.disturbed >= mood.atMost) return null;
  const here = mood.disturb.filter(({ on }) => on?.includes(of.route) ?? of.route !== 'POST /oauth/token');
  const fixed = here.find(({ at }) => at?.includes(of.before + 1));
  if (fixed !== undefined) return fixed;
  let left = draw(`${of.seed}\n${of.route}\n${of.call}\n${of.before}`);
  for (const one of here) {
    if (one.chance === undefined) continue;
    left -= one.chance;
    if (left < 0) return one;
  }
  return null;
}

/** From 0 to just below 1. */
function draw(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;
}
