/** The looks and the expression of a `wait` step. */
import type { Path } from './problem.ts';
import type { Scene } from './scene.ts';
import type { LookSpec } from './types.ts';
import { checkExpression } from './validate-expressions.ts';
import { type SpecOptions, validateLooks } from './validate-looks.ts';
import type { Roots } from './validate-references.ts';

/** What a wait may hold, as its action parses it. */
interface Wait {
  readonly until?: string;
  readonly observe?: Readonly<Record<string, LookSpec>>;
}

/** @param path of the wait's spec. */
export function validateWait(
  scene: Scene,
  spec: object,
  path: Path,
  roots: Roots,
  options: SpecOptions = {},
): void {
  const { until, observe = {} } = spec as Wait;
  const seen = validateLooks(scene, observe, [...path, 'observe'], roots, options);
  if (until !== undefined) checkExpression(scene, until, [...path, 'until'], { ...roots, ...seen });
}
