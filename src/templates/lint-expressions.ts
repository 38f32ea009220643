/** Expressions that say something else than they seem to. */
import type { Path } from './problem.ts';
import type { Scene } from './scene.ts';
import type { LookSpec } from './types.ts';

export function lintExpressions(scene: Scene): void {
  const shared: Readonly<Record<string, LookSpec>> = scene.authored.observations ?? {};
  for (const [index, check] of (scene.authored.checks ?? []).entries()) {
    const looks = { ...shared, ...looksOf(scene, check.trial), ...check.observe };
    for (const [place, { that, partial }] of check.expect.entries()) {
      const path = ['checks', index, 'expect', place];
      lintOrder(scene, that, looks, [...path, 'that']);
      lintTiming(scene, that, [...path, 'that']);
      for (const [part, one] of partial.entries()) {
        lintTiming(scene, one.that, [...path, 'partial', part, 'that']);
      }
    }
  }
}

function looksOf(scene: Scene, id: string | undefined): Readonly<Record<string, LookSpec>> {
  const steps = scene.authored.trials?.find((trial) => trial.id === id)?.steps ?? [];
  return Object.assign({}, ...steps.map((one) => (one.do === 'observe' ? one.observe : {})));
}

const time = '\\.(?:durationMs|p50|p95|p99)\\b';
const compare = '\\s*(?:<=?|>=?)\\s*';
/** A time on one side, nothing but a number on the other. */
const fixedTime = new RegExp(
  `${time}${compare}\\d+(?:\\.\\d+)?(?!\\s*[*/+\\-\\w.])|(?<![\\w.*/+\\-]\\s*)\\d+(?:\\.\\d+)?${compare}[\\w.[\\]]+${time}`,
);

/** A machine that is busy makes everything slower: only a comparison with something beside it is fair. */
function lintTiming(scene: Scene, that: string, path: Path): void {
  const offset = that.search(fixedTime);
  if (offset < 0) return;
  const message =
    'a time is compared with a number; a busy machine fails it: compare with a trial\'s "beside"';
  scene.report(path, 'style', message, { offset, severity: 'warning' });
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
