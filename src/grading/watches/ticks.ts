/**
 * When a watch is sampled: on a grid of its own, the same for every worker, so that one that takes over goes on in step
 * and labs that became ready together are not all looked at together. Pure.
 */
import type { WatchSpec } from '../../templates/types.ts';

/** A sample that begins so soon after its time counts as of that time: a spacing of two is not two and a bit. */
const lateShare = 0.25;
const lateMostMs = 250;

type Timed = Pick<WatchSpec, 'id' | 'everySeconds'>;

/** Milliseconds from `now` until the next time on the grid. */
export function untilNext(labId: string, watch: Timed, now: number): number {
  return everyMs(watch) - since(labId, watch, now);
}

/** The time that a sample which begins now is of. */
export function tickOf(labId: string, watch: Timed, now: number): Date {
  const late = since(labId, watch, now);
  return new Date(late <= Math.min(lateMostMs, everyMs(watch) * lateShare) ? now - late : now);
}

function since(labId: string, watch: Timed, now: number): number {
  const every = everyMs(watch);
  return (now - (hash(`${labId}/${watch.id}`) % every) + every) % every;
}

function everyMs({ everySeconds }: Timed): number {
  return Math.max(1, everySeconds * 1_000);
}

/** FNV-1a: spreads names evenly, nothing more. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return value;
}
