/** What the template keeps from trainees until they hand in, and what would give it away. */
import { withDependents } from '../lab/plan.ts';
import type { CheckSpec, Template } from '../templates/types.ts';

/**
 * Ids of the checks that a trainee learns no verdict of before a final attempt: those that say so, those that need one
 * of them (whether they are blocked would tell), and guards that score by one of them. Pure.
 */
export function keptBack({ checks, tasks }: Pick<Template, 'checks' | 'tasks'>): ReadonlySet<string> {
  const hidden = checks.filter((check) => check.visible !== 'always').map((check) => check.id);
  const companions = ({ guard, id }: CheckSpec) =>
    guard ? tasks.filter((task) => task.checks.includes(id)).flatMap((task) => task.checks) : [];
  const reads = checks.map((check) => [check.id, [...check.needs, ...companions(check)]] as const);
  return withDependents(hidden, Object.fromEntries(reads));
}
