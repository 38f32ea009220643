/** Trials: their forks hold what their steps name, and each step knows what the ones before it drew, saved and saw. */
import type { ValueType } from '../grading/types.ts';
import { type PlacedStep, placeSteps } from './edits.ts';
import type { Path } from './problem.ts';
import { labRoots, type Scene } from './scene.ts';
import type { LookSpec, ParameterSpec } from './types.ts';
import { accessWithin, validateForks } from './validate-forks.ts';
import { type SpecOptions, validateLooks } from './validate-looks.ts';
import { validateDraws } from './validate-parameters.ts';
import type { Roots } from './validate-references.ts';
import { refusePersonal, uniqueIds, validateRun, validateStep } from './validate-run.ts';
import { object, parameterType } from './value-types.ts';

type AuthoredTrial = NonNullable<Scene['authored']['trials']>[number];

type PlacedTrialStep =
  | { readonly do: 'act'; readonly step: PlacedStep }
  | { readonly do: 'observe'; readonly observe: Readonly<Record<string, LookSpec>>; readonly path: Path };

export interface PlacedTrial {
  readonly steps: readonly PlacedTrialStep[];
  readonly undo: readonly PlacedStep[];
}

/** What a check that names a trial sees of it. */
export interface TrialView {
  readonly observed: Roots;
  /** The root `attempt`, or nothing where nothing is drawn. */
  readonly attempt: Roots;
  readonly draws: Readonly<Record<string, ParameterSpec>>;
}

export interface Trials {
  /** In the order of `trials`. */
  readonly placed: readonly PlacedTrial[];
  /** Of those that could be read whole, by id. */
  readonly views: ReadonlyMap<string, TrialView>;
}

export function validateTrials(scene: Scene): Trials {
  const views = new Map<string, TrialView>();
  const placed = (scene.authored.trials ?? []).map((trial, index): PlacedTrial => {
    const path = ['trials', index];
    const steps = placeTrial(trial, path);
    const undo = placeSteps(trial.undo, [...path, 'undo'], 'undo');
    const view = validateTrial(scene, trial, steps, undo, path);
    if (!scene.tainted(path)) views.set(trial.id, view);
    return { steps, undo };
  });
  return { placed, views };
}

function placeTrial({ steps }: AuthoredTrial, path: Path): readonly PlacedTrialStep[] {
  return steps.map((one, index) => {
    const place = [...path, 'steps', index];
    if (one.do === 'observe') return { ...one, path: place };
    return { do: 'act', step: { ...one.step, id: one.step.id ?? `step-${index + 1}`, path: place } };
  });
}

function validateTrial(
  scene: Scene,
  trial: AuthoredTrial,
  steps: readonly PlacedTrialStep[],
  undo: readonly PlacedStep[],
  path: Path,
): TrialView {
  validateDraws(scene, trial.draws, [...path, 'draws'], []);
  const drawn = Object.entries(trial.draws).map(([name, spec]) => [name, parameterType(spec)] as const);
  const attempt: Roots = drawn.length === 0 ? {} : { attempt: object(Object.fromEntries(drawn)) };
  const all: Roots = { ...labRoots(scene), ...attempt };
  const reach = validateForks(scene, trial, path, all);
  const roots = reach === null ? all : { ...all, access: accessWithin(all.access, reach) };
  const options = { reach };
  uniqueIds(
    scene,
    steps.flatMap((one) => (one.do === 'act' ? [one.step] : [])),
    path,
  );

  const observed: Record<string, ValueType> = {};
  const saved: Record<string, ValueType> = {};
  for (const one of steps) {
    const now = { ...roots, saved: object({ ...saved }), observed: object({ ...observed }) };
    if (one.do === 'act') {
      refusePersonal(scene, one.step, 'a trial');
      validateStep(scene, one.step, now, options);
      for (const name of Object.keys(one.step.save)) saved[name] = { is: 'dyn' };
    } else {
      observe(scene, one, now, options, observed);
    }
  }
  for (const step of undo) refusePersonal(scene, step, 'a trial');
  // What a crashed run saved or saw is gone when its undoing is done again.
  validateRun(scene, undo, [...path, 'undo'], { roots });
  // Steps are done on both sides, where each side sees its own; checks see one beside the other.
  const seen = trial.beside === undefined ? observed : besideStart(observed);
  return { observed: seen, attempt, draws: trial.draws };
}

function observe(
  scene: Scene,
  { observe: looks, path }: PlacedTrialStep & { do: 'observe' },
  roots: Roots,
  options: SpecOptions,
  observed: Record<string, ValueType>,
): void {
  const place = [...path, 'observe'];
  for (const [name, type] of Object.entries(validateLooks(scene, looks, place, roots, options))) {
    if (Object.hasOwn(observed, name)) {
      const message = `this trial has observed "${name}" before; give one of them another name`;
      scene.report([...place, name], 'duplicate', message, { what: 'key' });
    }
    observed[name] = type;
  }
}

/** What the untouched start showed stands beside what the fork shows. */
const besideStart = (observed: Roots): Roots =>
  Object.fromEntries(Object.entries(observed).map(([name, type]) => [name, withStart(type)]));

const withStart = (type: ValueType): ValueType =>
  type.is === 'object' ? object({ ...type.fields, start: type }) : { is: 'dyn' };
