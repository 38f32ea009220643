/** Expressions that say something else than they seem to. */
import type { Path } from './problem.ts';
import type { Scene } from './scene.ts';
import type { LookSpec } from './types.ts';

export function lintExpressions(scene: Scene): void {
  const shared: Readonly<Record<string, LookSpec>> = scene.authored.observations ?? {};
  for (const [index, check] of (scene.authored.checks ?? []).entries()) {
    const looks = { ...shared, ...check.observe };
    for (const [place, { that }] of check.expect.entries()) {
      const path = ['checks', index, 'expect', place, 'that'];
      lintOrder(scene, that, looks, path);
    }
  }
}

/** Rows compared as a list must come in an order. */
function lintOrder(scene: Scene, that: string, looks: Readonly<Record<string, LookSpec>>, path: Path): void {
  for (const [name, look] of Object.entries(looks)) {
    const query = look.spec.query;
    if (typeof query !== 'string' || /\border\s+by\b/i.test(query)) continue;
    const list = `\\b${name}\\.rows(?:\\.(?:map|filter)\\([^()]*\\))*`;
    const compared = new RegExp(`${list}\\s*[!=]=|[!=]=\\s*${list}(?![\\w.\\[(])`);
    const offset = that.search(compared);
    if (offset < 0) continue;
    const message = `${name}.rows is compared as a list, but its query has no "order by"`;
    scene.report(path, 'style', message, { offset, severity: 'warning' });
  }
}
