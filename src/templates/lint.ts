/** Warnings: what loads, but is probably not meant, or not yet good enough for trainees. */
import { lintExpressions } from './lint-expressions.ts';
import { lintTrials } from './lint-trials.ts';
import { lintUnused } from './lint-unused.ts';
import type { Scene } from './scene.ts';
import { itemsAt, textsIn, valueAt } from './tree.ts';

const fewestChecks = 5;
const fewestWrong = 2;

/** Reports warnings; the raw reset of all databases' statistics is an error (it reaches other labs). */
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
  }
  lintSql(scene);
  lintExpressions(scene);
  lintTrials(scene);
  lintUnused(scene);
}

function lintSql(scene: Scene): void {
  for (const section of ['observations', 'trials', 'watches', 'faults', 'checks', 'solutions', 'wrong']) {
    for (const { path, text } of textsIn(valueAt(scene.written, [section]), [section])) {
      const key = path.at(-1);
      if (key !== 'query' && key !== 'statement') continue;
      const reset = text.search(/\bpg_stat_statements_reset\s*\(/i);
      if (reset >= 0) {
        const message = 'pg_stat_statements_reset() forgets the statistics of every lab on the server';
        scene.report(path, 'wrong_value', message, { offset: reset });
      }
      const star = text.search(/\bselect\s+(\w+\.)?\*/i);
      if (key === 'query' && star >= 0) {
        const message = 'select * records columns that nobody judges; name the columns';
        scene.report(path, 'style', message, { offset: star, severity: 'warning' });
      }
    }
  }
}
