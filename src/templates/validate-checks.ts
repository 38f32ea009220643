/** Looks, expectations, points, messages and hints of every check. */
import { sharePoints } from './points.ts';
import type { Path } from './problem.ts';
import { type CheckedExpression, declaredIds, labRoots, type Scene } from './scene.ts';
import { checkExpression } from './validate-expressions.ts';
import { validateLook, validateLooks } from './validate-looks.ts';
import { checkShownText, type Roots } from './validate-references.ts';
import { requireName } from './validate-structure.ts';
import type { TrialView } from './validate-trials.ts';

type AuthoredCheck = NonNullable<Scene['authored']['checks']>[number];

/** @param trials what checks see of each trial that could be read, by its id. */
export function validateChecks(scene: Scene, trials: ReadonlyMap<string, TrialView>): void {
  const common = labRoots(scene);
  const shared = validateLooks(scene, scene.authored.observations ?? {}, ['observations'], common);
  for (const [index, check] of (scene.authored.checks ?? []).entries()) {
    const path = ['checks', index];
    const own = validateLooks(scene, check.observe, [...path, 'observe'], common);
    const trial = trialOf(scene, check, path, trials);
    sameNames(scene, path, own, shared, trial);
    checkShownText(scene, check.title, [...path, 'title'], common);
    for (const [place, { text }] of check.hints.entries()) {
      checkShownText(scene, text, [...path, 'hints', place, 'text'], common);
    }
    if (check.require !== undefined) {
      const place = [...path, 'require', 'event'];
      requireName(scene, 'fault', check.require.event, declaredIds(scene, 'faults'), place);
    }
    validatePoints(scene, check, path);
    validateRubric(scene, check, path, common);
    // What a trial or a word that is not yet supported would have observed is unknown here.
    if (scene.tainted(path) || trial === 'unknown') continue;
    const seen = trial === null ? {} : { ...trial.observed, ...trial.attempt };
    validateExpectations(scene, check, path, { ...common, ...shared, ...own, ...seen }, trial?.draws);
  }
}

function trialOf(
  scene: Scene,
  check: AuthoredCheck,
  path: Path,
  trials: ReadonlyMap<string, TrialView>,
): TrialView | 'unknown' | null {
  if (check.trial === undefined) return null;
  const known = declaredIds(scene, 'trials');
  if (!requireName(scene, 'trial', check.trial, known, [...path, 'trial'])) return 'unknown';
  return trials.get(check.trial) ?? 'unknown';
}

/** An expression must know which of two things a name means. */
function sameNames(
  scene: Scene,
  path: Path,
  own: Roots,
  shared: Roots,
  trial: TrialView | 'unknown' | null,
): void {
  const twice = (place: Path, name: string, other: string, what: 'key' | 'value' = 'key') => {
    const message = `"${name}" is also an observation ${other}; give one of them another name`;
    scene.report(place, 'duplicate', message, { what });
  };
  const seen = trial === null || trial === 'unknown' ? {} : trial.observed;
  for (const name of Object.keys(own)) {
    const place = [...path, 'observe', name];
    if (Object.hasOwn(shared, name)) twice(place, name, 'that all checks share');
    else if (Object.hasOwn(seen, name)) twice(place, name, "of this check's trial");
  }
  for (const name of Object.keys(seen)) {
    if (Object.hasOwn(shared, name)) {
      twice([...path, 'trial'], name, 'of this trial and one that all checks share', 'value');
    }
  }
}

function validateRubric(scene: Scene, { rubric, points }: AuthoredCheck, path: Path, roots: Roots): void {
  if (rubric === undefined) return;
  const place = [...path, 'rubric'];
  if (rubric.of !== undefined) validateLook(scene, rubric.of, [...place, 'of'], roots);
  const seen = new Set<string>();
  for (const [index, { id, text, full = '', half = '' }] of rubric.criteria.entries()) {
    const at = [...place, 'criteria', index];
    if (seen.has(id)) scene.report([...at, 'id'], 'duplicate', `the criterion "${id}" is there twice`);
    seen.add(id);
    for (const [key, shown] of Object.entries({ text, full, half })) {
      checkShownText(scene, shown, [...at, key], roots);
    }
  }
  const sum = rubric.criteria.reduce((total, criterion) => total + criterion.points, 0);
  if (sum === points || scene.tainted(place)) return;
  scene.report([...path, 'points'], 'points', `the criteria give out ${sum} points, the check has ${points}`);
}

function validatePoints(scene: Scene, check: AuthoredCheck, path: Path): void {
  if (check.rubric !== undefined) return;
  const given = check.expect.map((one) => one.points);
  const shares = sharePoints(check.points, given);
  if (shares === null) {
    const sum = given.reduce<number>((total, points) => total + (points ?? 0), 0);
    const open = given.filter((points) => points === undefined).length;
    const message =
      open === 0
        ? `the expectations give out ${sum} points, the check has ${check.points}`
        : `the expectations give out ${sum} of ${check.points} points; ${open} more must be worth at least 1 each`;
    scene.report([...path, 'points'], 'points', message);
    return;
  }
  for (const [index, { partial }] of check.expect.entries()) {
    for (const [place, part] of partial.entries()) {
      if (part.points < (shares[index] ?? 0)) continue;
      const message = `a part is worth ${part.points} points, the whole expectation ${shares[index]}`;
      scene.report([...path, 'expect', index, 'partial', place, 'points'], 'points', message);
    }
  }
}

function validateExpectations(
  scene: Scene,
  check: AuthoredCheck,
  path: Path,
  roots: Roots,
  draws: TrialView['draws'] = {},
): void {
  const checked: { readonly path: Path; readonly expression: CheckedExpression }[] = [];
  const compile = (source: string, place: Path) => {
    const expression = checkExpression(scene, source, place, roots);
    if (expression !== null) checked.push({ path: place, expression });
  };
  for (const [index, expectation] of check.expect.entries()) {
    const place = [...path, 'expect', index];
    compile(expectation.that, [...place, 'that']);
    checkShownText(scene, expectation.else, [...place, 'else'], roots, draws);
    for (const [part, { that }] of expectation.partial.entries())
      compile(that, [...place, 'partial', part, 'that']);
  }
  // One expectation may test the size of the list that another one goes through.
  const tested = new Set(checked.flatMap(({ expression }) => expression.sizeTests));
  for (const { path: place, expression } of checked) {
    for (const { message, offset, list } of expression.warnings) {
      if (!tested.has(list)) scene.report(place, 'style', message, { offset, severity: 'warning' });
    }
  }
}
