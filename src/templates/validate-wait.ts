/** The looks and the expression of a `wait` step. */
import { z } from 'zod';
import { carryKnownKeys, findingsOf } from './issues.ts';
import type { Path } from './problem.ts';
import type { Scene } from './scene.ts';
import { looks } from './schema-looks.ts';
import { isObject, valueAt } from './tree.ts';
import { checkExpression } from './validate-checks.ts';
import { validateSpec } from './validate-looks.ts';
import type { Roots } from './validate-references.ts';

/** @param spec as written; it stands at `path`. */
export function validateWait(scene: Scene, spec: unknown, path: Path, roots: Roots): void {
  const observe = valueAt(spec, ['observe']);
  if (!isObject(observe)) return;
  const { observers } = scene.registries;
  const options = { error: carryKnownKeys, reportInput: true } as const;
  const parsed = z.safeParse(looks(observers), observe, options);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      for (const { path: place, code, message, what } of findingsOf(issue, scene.written, [
        ...path,
        'observe',
      ])) {
        scene.report(place, code, message, { what });
      }
    }
    return;
  }
  const seen = Object.entries(parsed.data).flatMap(([name, look]) => {
    const kind = observers.get(look.kind);
    if (kind === undefined) return [];
    validateSpec(scene, kind, look.spec, [...path, 'observe', name, look.kind], roots);
    return [[name, kind.resultType(look.spec)] as const];
  });
  const until = valueAt(spec, ['until']);
  if (typeof until !== 'string') return;
  checkExpression(scene, until, [...path, 'until'], { ...roots, ...Object.fromEntries(seen) });
}
