/** Expressions that say something else than they seem to. */
import type { Path } from './problem.ts';
import type { Scene } from './scene.ts';
import type { LookSpec } from './types.ts';

type AuthoredExpectation = NonNullable<Scene['authored']['checks']>[number]['expect'][number];

export function lintExpressions(scene: Scene): void {
  const shared: Readonly<Record<string, LookSpec>> = scene.authored.observations ?? {};
  for (const [index, check] of (scene.authored.checks ?? []).entries()) {
    const looks = { ...shared, ...looksOf(scene, check.trial), ...check.observe };
    for (const [place, { that, partial, noise }] of check.expect.entries()) {
      const path = ['checks', index, 'expect', place];
      lintOrder(scene, that, looks, [...path, 'that']);
      lintTiming(scene, that, [...path, 'that']);
      lintNoise(scene, { that, partial, noise }, path);
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

/** Times and rates, as observations name them. */
const timed = /\.(?:durationMs|p50|p95|p99|rps)\b/;

/** What compares times says how far noise may move them: the proof refuses a limit that lies within. */
function lintNoise(
  scene: Scene,
  { that, partial, noise }: Pick<AuthoredExpectation, 'that' | 'partial' | 'noise'>,
  path: Path,
): void {
  const offset = that.search(timed);
  const reads = offset >= 0 || partial.some((one) => timed.test(one.that));
  if (reads && noise === undefined) {
    const message = 'it compares times and has no "noise", such as 15%: how far a busy machine may move them';
    scene.report([...path, 'that'], 'no_noise', message, {
      offset: Math.max(0, offset),
      severity: 'warning',
    });
  }
  if (!reads && noise !== undefined) {
    scene.report([...path, 'noise'], 'style', 'it compares no times, so "noise" says nothing', {
      severity: 'warning',
    });
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
