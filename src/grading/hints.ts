/** What the hints that were taken cost. */
import type { CheckSpec } from '../templates/types.ts';

/** Points off for all hints taken, in order; a count beyond what the template has now costs nothing more. */
export function hintPenalty(checks: readonly CheckSpec[], taken: Readonly<Record<string, number>>): number {
  return checks
    .flatMap((check) => check.hints.slice(0, taken[check.id] ?? 0))
    .reduce((sum, hint) => sum + hint.penalty, 0);
}
