/** Tasks that open later or can be skipped, and what the template's proof names. */
import type { Path } from './problem.ts';
import { declaredNames, labRoots, type Scene } from './scene.ts';
import { isObject, valueAt } from './tree.ts';
import { checkExpression } from './validate-expressions.ts';
import { unsaved } from './validate-run.ts';
import type { ProofSteps } from './validate-steps.ts';
import { checkIds, requireName } from './validate-structure.ts';
import { object } from './value-types.ts';

type AuthoredTask = NonNullable<Scene['authored']['tasks']>[number];

/** @param steps those of the solutions, edits applied. */
export function validateTasks(scene: Scene, steps: ProofSteps): void {
  const passed = object({ passed: { is: 'bool' } });
  const { access: _, ...known } = labRoots(scene);
  const roots = {
    checks: object(Object.fromEntries(checkIds(scene).map((id) => [id, passed]))),
    ...known,
  };
  for (const [index, task] of (scene.authored.tasks ?? []).entries()) {
    const path = ['tasks', index];
    if (task.opens !== undefined) {
      const written = isObject(valueAt(scene.written, [...path, 'opens'])) ? ['opens', 'when'] : ['opens'];
      checkExpression(scene, task.opens, [...path, ...written], roots);
    }
    if (task.skip !== undefined) validateSkip(scene, task, task.skip, steps, [...path, 'skip']);
  }
  const ids = new Set(Object.values(steps.solutions).flatMap((all) => all.map((step) => step.id)));
  for (const [index, id] of (scene.authored.test?.mutations ?? []).entries()) {
    if (scene.tainted(['solutions'])) break;
    requireName(scene, 'step', id, [...ids], ['test', 'mutations', index]);
  }
}

function validateSkip(
  scene: Scene,
  task: AuthoredTask,
  skip: NonNullable<AuthoredTask['skip']>,
  { solutions }: ProofSteps,
  path: Path,
): void {
  const known = declaredNames(scene, ['solutions']);
  if (!requireName(scene, 'solution', skip.solution, known, [...path, 'solution'])) return;
  if (scene.tainted(['solutions', skip.solution])) return;
  const steps = solutions[skip.solution] ?? [];
  for (const [index, id] of skip.steps.entries()) {
    requireName(
      scene,
      'step',
      id,
      steps.map((step) => step.id),
      [...path, 'steps', index],
    );
  }
  const chosen = steps.filter((step) => skip.steps.includes(step.id));
  const saved = new Set<string>();
  for (const step of chosen) {
    const now = object(Object.fromEntries([...saved].map((name) => [name, { is: 'dyn' }])));
    for (const lost of unsaved(step, { saved: now })) {
      const message = `step "${step.id}" needs {{${lost}}}, which no step of the skip saves before it`;
      scene.report([...path, 'steps'], 'bad_reference', message);
    }
    for (const name of Object.keys(step.save)) saved.add(name);
  }
  const checks = (scene.authored.checks ?? []).filter((check) => task.checks.includes(check.id));
  const worth = checks.reduce((sum, check) => sum + check.points, 0);
  if (skip.penalty < worth && checks.length === task.checks.length) {
    const message = `skipping costs ${skip.penalty} points and earns the ${worth} points of the task's checks`;
    scene.report(path, 'style', message, { severity: 'warning' });
  }
}
