/** Whether grading leaves the lab as it is. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Finding } from './facts.ts';
import { changesBetween, type LabState } from './state.ts';

const leastIdleMs = 1_000;
const mostTold = 5;

/**
 * Does the grading between two looks at the lab. What is different is looked at once more when as much time has passed
 * without grading: a lab with traffic, or a partner that works on, changes by itself.
 */
export async function whileUnchanged<T>(
  look: () => Promise<LabState>,
  grade: () => Promise<T>,
  signal: AbortSignal,
): Promise<{ readonly graded: T; readonly found: readonly Finding[] }> {
  const before = await look();
  const began = performance.now();
  const graded = await grade();
  const after = await look();
  const changed = changesBetween(before, after);
  if (changed.length === 0) return { graded, found: [] };
  await delay(Math.max(leastIdleMs, performance.now() - began), undefined, { signal });
  const restless = new Set(changesBetween(after, await look()));
  const ours = changed.filter((name) => !restless.has(name));
  if (ours.length === 0) return { graded, found: [] };
  const more = ours.length > mostTold ? ` and ${ours.length - mostTold} more` : '';
  const message = `changed while it was graded: ${ours.slice(0, mostTold).join(', ')}${more}`;
  return { graded, found: [{ code: 'grading-changes', check: null, message }] };
}
