/** Watches and faults: what is sampled while a lab lives, and what happens to it. */
import { type PlacedStep, placeSteps } from './edits.ts';
import type { Path } from './problem.ts';
import { commonRoots, declaredIds, labRoots, type Scene } from './scene.ts';
import { checkExpression } from './validate-expressions.ts';
import { validateLook } from './validate-looks.ts';
import { checkShownText } from './validate-references.ts';
import { refusePersonal, validateRun } from './validate-run.ts';
import { reportCycles, requireName } from './validate-structure.ts';

export function validateWatches(scene: Scene): void {
  const roots = commonRoots(scene);
  for (const [index, { observe, good }] of (scene.authored.watches ?? []).entries()) {
    const path = ['watches', index];
    const type = validateLook(scene, observe, [...path, 'observe'], roots);
    const place = [...path, 'observe', observe.kind];
    if (observe.kind === 'watch') scene.report(place, 'wrong_kind', 'a watch cannot look at watches');
    if (observe.at !== undefined) {
      const message = 'a watch looks at the lab as it is now; "at" goes with looks of checks and trials';
      scene.report([...place, 'at'], 'wrong_value', message);
    }
    if (good !== undefined && !scene.tainted(path)) {
      const known = { it: type ?? { is: 'dyn' }, params: roots.params } as const;
      checkExpression(scene, good, [...path, 'good'], known);
    }
  }
}

/** Returns the steps of each fault, in the order of `faults`. */
export function validateFaults(scene: Scene): readonly (readonly PlacedStep[])[] {
  const faults = scene.authored.faults ?? [];
  const roots = labRoots(scene);
  const { params } = commonRoots(scene);
  const buttons = new Set<string>();
  const placed = faults.map(({ say, steps, when }, index) => {
    const path = ['faults', index];
    validateTrigger(scene, when, [...path, 'when'], buttons);
    if (say !== undefined) checkShownText(scene, say, [...path, 'say'], { params });
    const all = placeSteps(steps, [...path, 'steps']);
    for (const step of all) refusePersonal(scene, step, 'a fault');
    validateRun(scene, all, [...path, 'steps'], { roots });
    return all;
  });
  const after = faults.map(({ id, when }) => [id, when.on === 'fault' ? [when.id] : []] as const);
  reportCycles(scene, Object.fromEntries(after), (id) => [
    'faults',
    faults.findIndex((fault) => fault.id === id),
    'when',
  ]);
  return placed;
}

type Trigger = NonNullable<Scene['authored']['faults']>[number]['when'];

function validateTrigger(scene: Scene, when: Trigger, path: Path, buttons: Set<string>): void {
  if (when.on === 'fault' || when.on === 'check') {
    const known = declaredIds(scene, when.on === 'fault' ? 'faults' : 'checks');
    requireName(scene, when.on, when.id, known, [...path, when.on]);
  }
  if (when.on !== 'press') return;
  if (buttons.has(when.button)) {
    scene.report([...path, 'trainee'], 'duplicate', `two faults have the button "${when.button}"`);
  }
  buttons.add(when.button);
  if (when.after !== null) {
    requireName(scene, 'check', when.after, declaredIds(scene, 'checks'), [...path, 'after']);
  }
}
