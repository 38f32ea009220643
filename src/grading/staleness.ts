/** Whether what is or was graded is still what the lab is. */
import type { Lab } from '../lab/lab.ts';

interface Graded {
  readonly sandboxId: string | null;
  readonly generations: Readonly<Record<string, number>>;
}

export interface Standing extends Graded {
  readonly phase: Lab['phase'];
}

/** Why results of `graded` do not speak of the lab as it is now, or null when they do. Pure. */
export function staleness(
  graded: Graded,
  now: Standing,
  when: 'before it was graded' | 'while it was being graded',
): string | null {
  if (now.phase === 'terminating' || now.phase === 'terminated') return `The lab ended ${when}.`;
  if (now.phase !== 'ready') return `The lab was put back ${when}.`;
  if (now.sandboxId !== graded.sandboxId) return `The lab was reset ${when}.`;
  const names = new Set([...Object.keys(graded.generations), ...Object.keys(now.generations)]);
  const reset = [...names].filter((name) => graded.generations[name] !== now.generations[name]).sort();
  return reset.length === 0 ? null : `Reset ${when}: ${reset.join(', ')}.`;
}
