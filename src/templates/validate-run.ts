/** Steps one after another: each can be done, and knows what the ones before it saved. */
import type { ValueType } from '../grading/types.ts';
import type { PlacedStep } from './edits.ts';
import { formatPath, type Path } from './problem.ts';
import { parsePath, problemOf, referencesIn } from './references.ts';
import { declaredIds, type Scene } from './scene.ts';
import { startsWith, textsIn } from './tree.ts';
import { requireFile } from './validate-folder.ts';
import { type SpecOptions, validateSpec } from './validate-looks.ts';
import { moodsOf } from './validate-partners.ts';
import type { Roots } from './validate-references.ts';
import { requireName } from './validate-structure.ts';
import { validateWait } from './validate-wait.ts';
import { object } from './value-types.ts';

export function uniqueIds(scene: Scene, steps: readonly PlacedStep[], path: Path): void {
  const seen = new Set<string>();
  for (const step of steps) {
    if (seen.has(step.id)) {
      const place = startsWith(step.path, path) ? step.path : path;
      scene.report(place, 'duplicate', `the step id "${step.id}" is used twice in ${formatPath(path)}`);
    }
    seen.add(step.id);
  }
}

interface RunOptions {
  /** What every step may name, beside what the ones before it saved. */
  readonly roots: Roots;
  /** Of steps that were written elsewhere: whether what they need must be saved here. */
  readonly mustSave?: boolean;
}

/** Steps that were written at `path` are validated whole; inherited ones only for what was saved before them. */
export function validateRun(
  scene: Scene,
  steps: readonly PlacedStep[],
  path: Path,
  { roots, mustSave = false }: RunOptions,
): void {
  uniqueIds(scene, steps, path);
  const saved: Record<string, ValueType> = {};
  for (const step of steps) {
    const now = { ...roots, saved: object({ ...saved }) };
    if (startsWith(step.path, path)) {
      validateStep(scene, step, now);
    } else if (mustSave && !scene.tainted(path)) {
      for (const lost of unsaved(step, now)) {
        const message = `step "${step.id}" needs {{${lost}}}, which no step before it saves here`;
        scene.report(path, 'bad_reference', message);
      }
    }
    for (const name of Object.keys(step.save)) saved[name] = { is: 'dyn' };
  }
}

/** One step as it was written at its path. */
export function validateStep(scene: Scene, step: PlacedStep, roots: Roots, options: SpecOptions = {}): void {
  const kind = scene.registries.actions.get(step.kind);
  if (kind === undefined) return;
  const place = [...step.path, step.kind];
  if (step.kind === 'wait') {
    // Its looks are validated in their own places.
    const itself = {
      ...kind,
      components: () => [],
      questions: () => [],
      watches: () => [],
      faults: () => [],
      files: () => [],
    };
    validateSpec(scene, itself, step.spec, place, roots, { ...options, skip: ['observe', 'until'] });
    validateWait(scene, step.spec, place, roots, options);
  } else {
    validateSpec(scene, kind, step.spec, place, roots, options);
  }
  const { from } = step.spec;
  if (typeof from === 'string' && kind.files === undefined) requireFile(scene, from, [...place, 'from']);
  for (const [name, way] of Object.entries(step.save)) {
    const reference = { text: way, offset: 0, path: parsePath(`result.${way}`) };
    const problem = problemOf(reference, { result: kind.resultType(step.spec) });
    if (problem !== null) scene.report([...place, 'save', name], 'bad_reference', problem);
  }
  if (step.kind === 'press') validatePress(scene, step, place);
  if (step.kind === 'mark') validateMark(scene, step, place);
  if (step.kind === 'stub') validateMood(scene, step, place);
}

/** Steps of a trainee or an instructor, where nobody stands in their place. */
export function refusePersonal(scene: Scene, { kind, path }: PlacedStep, who: string): void {
  if (!['answer', 'press', 'mark'].includes(kind)) return;
  const message = `${who} has no trainee and no instructor: "${kind}" goes with solutions`;
  scene.report([...path, kind], 'wrong_kind', message, { what: 'key' });
}

/** The names that `{{saved.…}}` of a step has, and nothing before it saves. */
export function unsaved(step: PlacedStep, roots: Roots): readonly string[] {
  return [...textsIn(step.spec)].flatMap(({ text }) =>
    referencesIn(text)
      .filter((reference) => reference.path?.[0] === 'saved' && problemOf(reference, roots) !== null)
      .map((reference) => reference.text),
  );
}

function validatePress(scene: Scene, { spec }: PlacedStep, place: Path): void {
  if (typeof spec.button !== 'string' || scene.tainted(['faults'])) return;
  const buttons = (scene.authored.faults ?? []).flatMap(({ when }) =>
    when.on === 'press' ? [when.button] : [],
  );
  requireName(scene, 'button', spec.button, buttons, place);
}

function validateMood(scene: Scene, { spec }: PlacedStep, place: Path): void {
  const { component, mood } = spec;
  if (typeof mood !== 'string' || typeof component !== 'string' || mood.includes('{{')) return;
  const moods = moodsOf(scene, component);
  if (moods !== null) requireName(scene, 'mood', mood, moods, [...place, 'mood']);
}

function validateMark(scene: Scene, { spec }: PlacedStep, place: Path): void {
  // Every key but these two is a criterion.
  const { check: id, as: _, ...marks } = spec;
  if (typeof id !== 'string') return;
  if (!requireName(scene, 'check', id, declaredIds(scene, 'checks'), [...place, 'check'])) return;
  const index = (scene.authored.checks ?? []).findIndex((one) => one.id === id);
  const check = scene.authored.checks?.[index];
  if (check === undefined || scene.tainted(['checks', index])) return;
  if (check.rubric === undefined) {
    scene.report([...place, 'check'], 'wrong_kind', `"${id}" has no rubric: nobody marks it`);
    return;
  }
  const criteria = check.rubric.criteria.map((one) => one.id);
  for (const name of Object.keys(marks)) {
    requireName(scene, 'criterion', name, criteria, [...place, name], 'key');
  }
}
