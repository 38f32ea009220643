/** What is drawn can be drawn. */

import { patternProblem } from './pattern.ts';
import type { Path } from './problem.ts';
import { componentOf, declaredNames, type Scene } from './scene.ts';
import type { ParameterSpec } from './types.ts';
import { requireName } from './validate-structure.ts';

const mostSteps = 2 ** 31;

export function validateParameters(scene: Scene): void {
  validateDraws(scene, scene.authored.parameters ?? {}, ['parameters'], ['draw']);
}

/**
 * Parameters, or what a trial draws.
 *
 * @param below the keys between a name and how it is drawn.
 */
export function validateDraws(
  scene: Scene,
  specs: Readonly<Record<string, ParameterSpec>>,
  at: Path,
  below: Path,
): void {
  for (const [name, spec] of Object.entries(specs)) {
    if (spec.draw === 'fixed' || spec.draw === 'email' || spec.draw === 'choice') continue;
    const path = [...at, name, ...below, spec.draw];
    if (spec.draw === 'row' && at[0] === 'trials') {
      const message = 'rows are drawn once a lab; make it a parameter';
      scene.report(path, 'bad_draw', message);
      continue;
    }
    if (spec.draw === 'row') validateRow(scene, spec, path);
    const problem = drawProblem(spec);
    if (problem !== null) scene.report(path, 'bad_draw', `nothing can be drawn for "${name}": ${problem}`);
  }
}

function drawProblem(spec: ParameterSpec): string | null {
  if (spec.draw === 'pattern') return patternProblem(spec.pattern);
  if (spec.draw !== 'int' && spec.draw !== 'decimal') return null;
  const { from, to } = spec;
  if (from > to) return `"from" (${from}) is greater than "to" (${to})`;
  const step = spec.draw === 'int' ? 1 : spec.step;
  if (step <= 0) return `"step" is ${step}; it must be greater than 0`;
  return (to - from) / step > mostSteps ? `there are more than ${mostSteps} values` : null;
}

function validateRow(scene: Scene, spec: ParameterSpec & { draw: 'row' }, path: Path): void {
  const { component, query } = spec;
  const place = [...path, 'component'];
  if (!requireName(scene, 'component', component, declaredNames(scene, ['components']), place)) return;
  const kind = componentOf(scene, component)?.kind;
  if (kind !== undefined && kind !== 'postgres') {
    scene.report(place, 'wrong_kind', `"${component}" is a ${kind}; rows are drawn from a postgres`);
  }
  if (query.includes('{{')) {
    scene.report(
      [...path, 'query'],
      'bad_reference',
      'a query that is drawn from holds no {{ }}: nothing is drawn yet',
    );
  }
}
