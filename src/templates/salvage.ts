/**
 * Reads as much of a broken template as can be read, so that one mistake hides no other: what does not parse is
 * reported and taken out, and the rest is parsed again. What is missing only because it was taken out is not reported.
 */
import { z } from 'zod';
import { carryKnownKeys, type Finding, findingsOf, isLater, unknownKey } from './issues.ts';
import { mendable } from './mendable.ts';
import { formatPath, type Path } from './problem.ts';
import type { Authored, TemplateSchema } from './schema.ts';
import { listWords } from './suggest.ts';
import { isObject, startsWith, valueAt } from './tree.ts';

export interface Salvaged {
  /** The sections that could be read, at least in part. */
  readonly authored: Partial<Authored>;
  readonly findings: readonly Finding[];
  /** Paths (as written) of what was taken out. */
  readonly removed: readonly Path[];
  /** What `authored` was parsed from. */
  readonly mended: unknown;
  /** From a path into `authored` to the path as written: lists may have lost items. */
  written(path: Path): Path;
}

const maxRounds = 12;

export function salvage(schema: TemplateSchema, raw: unknown): Salvaged {
  const findings: Finding[] = [];
  const removed: Path[] = [];
  if (!isObject(raw)) {
    const message = `expected a map with the keys ${listWords(Object.keys(schema.shape).slice(0, 8))} …`;
    findings.push({ path: [], what: 'value', code: 'wrong_value', message });
    return { authored: {}, findings, removed, mended: {}, written: (path) => path };
  }

  const copy = mendable(raw);
  const written = (path: Path) => copy.written(path);
  const supported = Object.entries(schema.shape).filter(([, section]) => !isLater(section));
  const known = supported.map(([key]) => key);
  for (const key of Object.keys(raw)) {
    if (Object.hasOwn(schema.shape, key)) continue;
    const finding = unknownKey([key], known);
    findings.push(finding);
    copy.mend(finding.path, finding.meant);
  }

  const authored: Record<string, unknown> = {};
  for (const [key, section] of Object.entries(schema.shape)) {
    for (let round = 0; round < maxRounds; round++) {
      const parsed = z.safeParse(section, valueAt(copy.root, [key]), {
        error: carryKnownKeys,
        reportInput: true,
      });
      if (parsed.success) {
        authored[key] = parsed.data;
        break;
      }
      const found = parsed.error.issues.flatMap((issue) =>
        findingsOf({ ...issue, path: [key, ...issue.path] } as z.core.$ZodIssue, copy.root),
      );
      const asWritten = found.map((finding) => ({ ...finding, path: written(finding.path) }));
      const known = [...findings, ...asWritten];
      findings.push(...asWritten.filter((finding) => isNews(finding, known, removed)));
      // A key that is missing because its name is misspelt may be there in the next round.
      const pressing = found.filter((_, index) => !isExcused(asWritten[index], asWritten));
      const wrong = pressing.length > 0 ? pressing : found;
      const targets = outermost(wrong.map((finding) => targetOf(finding, copy.root)));
      // From the back, so that list indices in front stay true.
      for (const target of targets.sort(laterFirst)) {
        if (target.length === 0) continue;
        const meant = found.find(({ path }) => formatPath(path) === formatPath(target))?.meant;
        const place = written(target);
        if (copy.mend(target, meant) === 'removed') removed.push(place);
      }
      if (targets.some((target) => target.length <= 1)) break;
    }
  }
  return { authored: authored as Partial<Authored>, findings, removed, mended: copy.root, written };
}

/** What to take out so that the rest can be read: the key that is wrong, or the object that lacks one. */
function targetOf(finding: Finding, copy: unknown): Path {
  if (finding.code === 'missing_key' || valueAt(copy, finding.path) === undefined)
    return finding.path.slice(0, -1);
  return finding.path;
}

/** Not a mere consequence of what was taken out before, or of another finding in the same object. */
function isNews(finding: Finding, known: readonly Finding[], removed: readonly Path[]): boolean {
  if (finding.code === 'unknown_key' || finding.code === 'unsupported') return true;
  if (removed.some((path) => startsWith(finding.path, path) || startsWith(path, finding.path))) return false;
  return !isExcused(finding, known);
}

/** Explained by a key beside it that is unknown or not yet supported. */
function isExcused(finding: Finding | undefined, known: readonly Finding[]): boolean {
  if (finding === undefined || !(finding.code === 'missing_key' || isAboutWhole(finding))) return false;
  const holder = formatPath(finding.code === 'missing_key' ? finding.path.slice(0, -1) : finding.path);
  return known.some(
    (other) =>
      formatPath(other.path.slice(0, -1)) === holder &&
      (other.code === 'unsupported' ||
        (other.code === 'unknown_key' && (isAboutWhole(finding) || other.meant === finding.path.at(-1)))),
  );
}

/** A rule over all keys of an object, such as "exactly one kind of look". */
const isAboutWhole = (finding: Finding) =>
  finding.code === 'wrong_value' && / expected (exactly one|either) /.test(` ${finding.message}`);

function outermost(paths: readonly Path[]): Path[] {
  const unique = [...new Map(paths.map((path) => [JSON.stringify(path), path])).values()];
  return unique.filter((path) => !unique.some((other) => other !== path && startsWith(path, other)));
}

function laterFirst(a: Path, b: Path): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const [x, y] = [a[index], b[index]];
    if (typeof x === 'number' && typeof y === 'number' && x !== y) return y - x;
  }
  return b.length - a.length;
}
