/** Solutions and wrong ways: their edits name steps, and their steps can be done. */
import { applyEdits, type Edits, type PlacedStep, type UnknownStep } from './edits.ts';
import { formatPath, type Path } from './problem.ts';
import { declaredNames, labRoots, type Scene } from './scene.ts';
import { didYouMean, listWords } from './suggest.ts';
import { validateRights } from './validate-rights.ts';
import { validateRun } from './validate-run.ts';
import { checkIds, requireName } from './validate-structure.ts';
import type { PlacedTrial } from './validate-trials.ts';

export interface ProofSteps {
  readonly solutions: Readonly<Record<string, readonly PlacedStep[]>>;
  /** In the order of `wrong`. */
  readonly wrong: readonly (readonly PlacedStep[])[];
}

export interface ResolvedSteps extends ProofSteps {
  /** In the order of `trials` and of `faults`. */
  readonly trials: readonly PlacedTrial[];
  readonly faults: readonly (readonly PlacedStep[])[];
}

/** Validates the steps of solutions and wrong ways and returns them with edits applied. */
export function validateSteps(scene: Scene): ProofSteps {
  const roots = labRoots(scene);
  const solutions = resolveSolutions(scene);
  for (const [name, steps] of Object.entries(solutions)) {
    const path = ['solutions', name];
    validateRun(scene, steps, path, { roots, mustSave: true });
    validateRights(scene, steps, path);
  }
  const known = declaredNames(scene, ['solutions']);
  const checks = checkIds(scene);
  const wrong = (scene.authored.wrong ?? []).map((one, index) => {
    const path = ['wrong', index];
    requireName(scene, 'solution', one.from, known, [...path, 'from']);
    validateFalls(scene, one.fails, checks, [...path, 'fails']);
    const base = Object.hasOwn(solutions, one.from) ? solutions[one.from] : undefined;
    if (base === undefined) return [];
    const { steps, unknown } = applyEdits(base, one.steps, [...path, 'steps']);
    reportUnknownSteps(scene, unknown, base, one.from);
    validateRun(scene, steps, path, { roots });
    validateRights(scene, steps, path);
    return steps;
  });
  return { solutions, wrong };
}

function resolveSolutions(scene: Scene): Readonly<Record<string, readonly PlacedStep[]>> {
  const authored = scene.authored.solutions ?? {};
  const known = declaredNames(scene, ['solutions']);
  const resolved: Record<string, readonly PlacedStep[]> = {};
  const resolve = (name: string, users: readonly string[]): readonly PlacedStep[] => {
    const done = Object.hasOwn(resolved, name) ? resolved[name] : undefined;
    if (done !== undefined) return done;
    const entries = Object.hasOwn(authored, name) ? (authored[name] ?? []) : [];
    const steps = entries.flatMap((entry, index): readonly PlacedStep[] => {
      const path = ['solutions', name, index];
      if (!('use' in entry)) {
        if (entry.id !== null) return [{ ...entry, id: entry.id, path }];
        scene.report(path, 'missing_key', `missing key "id" in ${formatPath(path)}`);
        return [];
      }
      if (!requireName(scene, 'solution', entry.use, known, [...path, 'use'])) return [];
      const ring = [...users, name, entry.use];
      if (ring.indexOf(entry.use) < ring.length - 1) {
        scene.report([...path, 'use'], 'cycle', `a ring: ${ring.slice(ring.indexOf(entry.use)).join(' → ')}`);
        return [];
      }
      const base = resolve(entry.use, [...users, name]);
      const edited = applyEdits(base, entry as Edits, path);
      reportUnknownSteps(scene, edited.unknown, base, entry.use);
      return edited.steps;
    });
    resolved[name] = steps;
    return steps;
  };
  for (const name of Object.keys(authored)) resolve(name, []);
  return resolved;
}

function reportUnknownSteps(
  scene: Scene,
  unknown: readonly UnknownStep[],
  base: readonly PlacedStep[],
  solution: string,
): void {
  // A step that could not be read, or has no id, is not an unknown one.
  if (scene.tainted(['solutions', solution]) || hasNamelessStep(scene, solution)) return;
  const ids = base.map((step) => step.id);
  for (const { name, path, what } of unknown) {
    const message = `"${solution}" has no step "${name}"; known: ${listWords(ids)}${didYouMean(name, ids)}`;
    scene.report(path, 'unknown_name', message, { what });
  }
}

function hasNamelessStep(scene: Scene, solution: string): boolean {
  const entries = scene.authored.solutions?.[solution] ?? [];
  return entries.some((entry) => !('use' in entry) && entry.id === null);
}

type Falls = NonNullable<Scene['authored']['wrong']>[number]['fails'];

function validateFalls(scene: Scene, fails: Falls, known: readonly string[], path: Path): void {
  for (const [id, fall] of Object.entries(fails)) {
    if (!requireName(scene, 'check', id, known, [...path, id], 'key')) continue;
    const index = (scene.authored.checks ?? []).findIndex((one) => one.id === id);
    const check = scene.authored.checks?.[index];
    if (check === undefined || scene.tainted(['checks', index])) continue;
    if (fall.points !== null && fall.points >= check.points) {
      const message = `"${id}" has ${check.points} points; a fall leaves fewer than ${fall.points}`;
      scene.report([...path, id], 'points', message);
    }
    const waits = check.needs.length > 0 || check.require !== undefined || check.rubric !== undefined;
    if (fall.verdict === 'blocked' && !waits) {
      scene.report([...path, id], 'wrong_value', `"${id}" needs no other check, so it can never be blocked`);
    }
  }
}
