/** Looks, expectations, points, messages and hints of every check. */
import type { ValueType } from '../grading/types.ts';
import { sharePoints } from './points.ts';
import type { Path } from './problem.ts';
import { type CheckedExpression, commonRoots, declaredNames, reservedRoots, type Scene } from './scene.ts';
import type { LookSpec } from './types.ts';
import { validateSpec } from './validate-looks.ts';
import { checkShownText, type Roots } from './validate-references.ts';

type AuthoredCheck = NonNullable<Scene['authored']['checks']>[number];

export function validateChecks(scene: Scene): void {
  const common = commonRoots(scene);
  const shared = looksAt(scene, scene.authored.observations ?? {}, ['observations'], common);
  for (const [index, check] of (scene.authored.checks ?? []).entries()) {
    const path = ['checks', index];
    const own = looksAt(scene, check.observe, [...path, 'observe'], common);
    for (const name of Object.keys(own)) {
      if (!Object.hasOwn(shared, name)) continue;
      const message = `"${name}" is also an observation that all checks share; give one of them another name`;
      scene.report([...path, 'observe', name], 'duplicate', message, { what: 'key' });
    }
    checkShownText(scene, check.title, [...path, 'title'], common);
    for (const [place, { text }] of check.hints.entries()) {
      checkShownText(scene, text, [...path, 'hints', place, 'text'], common);
    }
    validatePoints(scene, check, path);
    // What a trial or a word that is not yet supported would have observed is unknown here.
    if (scene.tainted(path)) continue;
    validateExpectations(scene, check, path, { ...common, ...shared, ...own });
  }
}

/** Validates looks; returns the type of each, `dyn` for those that could not be read. */
function looksAt(scene: Scene, looks: Readonly<Record<string, LookSpec>>, path: Path, roots: Roots): Roots {
  const types: Record<string, ValueType> = {};
  for (const name of declaredNames(scene, path)) types[name] = { is: 'dyn' };
  for (const [name, look] of Object.entries(looks)) {
    const kind = scene.registries.observers.get(look.kind);
    if (reservedRoots.includes(name)) {
      const message = `an observation cannot be called "${name}"; expressions know that name already`;
      scene.report([...path, name], 'bad_name', message, { what: 'key' });
    }
    if (kind === undefined) continue;
    types[name] = kind.resultType(look.spec);
    validateSpec(scene, kind, look.spec, [...path, name, look.kind], roots);
  }
  return types;
}

function validatePoints(scene: Scene, check: AuthoredCheck, path: Path): void {
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

function validateExpectations(scene: Scene, check: AuthoredCheck, path: Path, roots: Roots): void {
  const checked: { readonly path: Path; readonly expression: CheckedExpression }[] = [];
  const compile = (source: string, place: Path) => {
    const expression = checkExpression(scene, source, place, roots);
    if (expression !== null) checked.push({ path: place, expression });
  };
  for (const [index, expectation] of check.expect.entries()) {
    const place = [...path, 'expect', index];
    compile(expectation.that, [...place, 'that']);
    checkShownText(scene, expectation.else, [...place, 'else'], roots);
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

/** Null when nothing is known of it: it does not compile, or its types do not fit, which is reported in its place. */
export function checkExpression(
  scene: Scene,
  source: string,
  path: Path,
  roots: Roots,
): CheckedExpression | null {
  if (source.includes('{{')) {
    const message = 'an expression holds no {{ }}; name the value itself, such as params.email';
    scene.report(path, 'bad_expression', message, { offset: source.indexOf('{{') });
    return null;
  }
  const compiled = scene.compile(source, roots);
  if (compiled.ok) return compiled.expression ?? null;
  for (const { message, offset, suggestion } of compiled.problems) {
    const meant = suggestion ? `; did you mean "${suggestion}"?` : '';
    scene.report(path, 'bad_expression', `${message}${meant}`, { offset: offset ?? 0 });
  }
  return null;
}
