/** The looks and the expression of a `wait` step. */
import type { Path } from './problem.ts';
import type { Scene } from './scene.ts';
import type { LookSpec } from './types.ts';
import { checkExpression } from './validate-checks.ts';
import { validateSpec } from './validate-looks.ts';
import type { Roots } from './validate-references.ts';

/** What a wait may hold, as its action parses it. */
interface Wait {
  readonly until?: string;
  readonly observe?: Readonly<Record<string, LookSpec>>;
}

/** @param path of the wait's spec. */
export function validateWait(scene: Scene, spec: object, path: Path, roots: Roots): void {
  const { until, observe = {} } = spec as Wait;
  const seen = Object.entries(observe).flatMap(([name, look]) => {
    const kind = scene.registries.observers.get(look.kind);
    if (kind === undefined) return [];
    validateSpec(scene, kind, look.spec, [...path, 'observe', name, look.kind], roots);
    return [[name, kind.resultType(look.spec)] as const];
  });
  if (until === undefined) return;
  checkExpression(scene, until, [...path, 'until'], { ...roots, ...Object.fromEntries(seen) });
}
