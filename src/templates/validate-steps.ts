/** Solutions and wrong ways: their edits name steps, and their steps can be done. */
import type { ValueType } from '../grading/types.ts';
import { applyEdits, type Edits, type PlacedStep, type UnknownStep } from './edits.ts';
import { formatPath, type Path } from './problem.ts';
import { parsePath, problemOf, referencesIn } from './references.ts';
import { commonRoots, declaredNames, type Scene } from './scene.ts';
import { didYouMean, listWords } from './suggest.ts';
import { startsWith, textsIn } from './tree.ts';
import { requireFile } from './validate-components.ts';
import { validateSpec } from './validate-looks.ts';
import { checkIds, requireName } from './validate-structure.ts';
import { validateWait } from './validate-wait.ts';
import { object } from './value-types.ts';

export interface ResolvedSteps {
  readonly solutions: Readonly<Record<string, readonly PlacedStep[]>>;
  /** In the order of `wrong`. */
  readonly wrong: readonly (readonly PlacedStep[])[];
}

/** Validates all steps and returns them with edits applied. */
export function validateSteps(scene: Scene): ResolvedSteps {
  const solutions = resolveSolutions(scene);
  for (const [name, steps] of Object.entries(solutions)) {
    uniqueIds(scene, steps, ['solutions', name]);
    validateRun(scene, steps, ['solutions', name], true);
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
    uniqueIds(scene, steps, path);
    validateRun(scene, steps, path, false);
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

function uniqueIds(scene: Scene, steps: readonly PlacedStep[], path: Path): void {
  const seen = new Set<string>();
  for (const step of steps) {
    if (seen.has(step.id)) {
      const place = startsWith(step.path, path) ? step.path : path;
      scene.report(place, 'duplicate', `the step id "${step.id}" is used twice in ${formatPath(path)}`);
    }
    seen.add(step.id);
  }
}

/** Steps that were written here are validated whole; inherited ones only for what was saved before them. */
function validateRun(scene: Scene, steps: readonly PlacedStep[], path: Path, mustSave: boolean): void {
  const common = commonRoots(scene);
  const saved: Record<string, ValueType> = {};
  for (const step of steps) {
    const kind = scene.registries.actions.get(step.kind);
    if (kind === undefined) continue;
    const roots = { ...common, saved: object({ ...saved }) };
    if (startsWith(step.path, path)) {
      const place = [...step.path, step.kind];
      validateSpec(scene, kind, step.spec, place, roots);
      const { from } = step.spec;
      if (typeof from === 'string') requireFile(scene, from, [...place, 'from']);
      for (const [name, way] of Object.entries(step.save)) {
        const parts = parsePath(`result.${way}`);
        const problem = problemOf(
          { text: way, offset: 0, path: parts },
          { result: kind.resultType(step.spec) },
        );
        if (problem !== null) scene.report([...place, 'save', name], 'bad_reference', problem);
      }
      if (step.kind === 'wait') validateWait(scene, step.spec, place, roots);
    } else if (mustSave && !scene.tainted(path)) {
      for (const lost of unsaved(step, roots)) {
        const message = `step "${step.id}" needs {{${lost}}}, which no step before it saves here`;
        scene.report(path, 'bad_reference', message);
      }
    }
    for (const name of Object.keys(step.save)) saved[name] = { is: 'dyn' };
  }
}

function unsaved(step: PlacedStep, roots: Readonly<Record<string, ValueType>>): readonly string[] {
  return [...textsIn(step.spec)].flatMap(({ text }) =>
    referencesIn(text)
      .filter((reference) => reference.path?.[0] === 'saved' && problemOf(reference, roots) !== null)
      .map((reference) => reference.text),
  );
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
    if (fall.verdict === 'blocked' && check.needs.length === 0) {
      scene.report([...path, id], 'wrong_value', `"${id}" needs no other check, so it can never be blocked`);
    }
  }
}
