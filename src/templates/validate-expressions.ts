/** Expressions, type-checked against what they may name. */
import type { Path } from './problem.ts';
import { whyAbsent } from './references.ts';
import type { CheckedExpression, Scene } from './scene.ts';
import type { Roots } from './validate-references.ts';

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
    const root = /^unknown name "(\w+)"/.exec(message)?.[1];
    const why = root === undefined ? null : whyAbsent(root);
    const meant = why !== null ? `: ${why}` : suggestion ? `; did you mean "${suggestion}"?` : '';
    scene.report(path, 'bad_expression', `${message}${meant}`, { offset: offset ?? 0 });
  }
  return null;
}
