/** Warnings: what loads, but is probably not meant, or not yet good enough for trainees. */
import { lintExpressions } from './lint-expressions.ts';
import { lintNamespaces } from './lint-namespaces.ts';
import { lintSql } from './lint-sql.ts';
import { lintTold } from './lint-told.ts';
import { lintTrials } from './lint-trials.ts';
import { lintUnused } from './lint-unused.ts';
import type { Scene } from './scene.ts';
import { itemsAt } from './tree.ts';

const fewestChecks = 5;
const fewestWrong = 2;

/** Reports warnings; SQL that reaches further than a look or a lab is an error. */
export function lint(scene: Scene): void {
  const warn = (path: readonly (string | number)[], message: string) =>
    scene.report(path, 'style', message, { severity: 'warning' });
  const { checks = [], wrong, grading } = scene.authored;
  const written = (section: string) => itemsAt(scene.declared, [section]).length;

  if (written('checks') < fewestChecks) {
    warn(['checks'], `${written('checks')} checks; a lab worth taking has at least ${fewestChecks}`);
  }
  if (written('wrong') < fewestWrong) {
    warn(
      written('wrong') === 0 ? [] : ['wrong'],
      `${written('wrong')} wrong ways; at least ${fewestWrong} keep the checks honest`,
    );
  }
  for (const [index, check] of checks.entries()) {
    const path = ['checks', index];
    if (check.hints.length === 0) warn([...path, 'id'], `the check "${check.id}" has no hints`);
    const penalties = check.hints.map((hint) => hint.penalty);
    const later = penalties.findIndex((penalty, place) => place > 0 && penalty < (penalties[place - 1] ?? 0));
    if (later > 0) warn([...path, 'hints', later], 'a later hint costs less than the one before it');
    const cost = penalties.reduce((sum, penalty) => sum + penalty, 0);
    if (cost > check.points)
      warn([...path, 'hints'], `the hints cost ${cost} points, the check has ${check.points}`);
    if (check.guard && !(wrong ?? []).some((one) => Object.hasOwn(one.fails, check.id))) {
      warn([...path, 'guard'], `no wrong way fells "${check.id}", which guards against damage`);
    }
    if (check.within !== undefined && grading !== undefined && check.within > grading.deadline / 2) {
      warn([...path, 'within'], 'this wait may use up more than half of grading.deadline');
    }
    if (check.within !== undefined && Object.keys(check.observe).length === 0) {
      warn(
        [...path, 'within'],
        'it waits for nothing: only what the check itself observes is looked at again',
      );
    }
  }
  lintSql(scene);
  lintExpressions(scene);
  lintTold(scene);
  lintTrials(scene);
  lintNamespaces(scene);
  lintUnused(scene);
}
