/** From zod's issues to sentences for authors: what was found, what is allowed, what was probably meant. */
import type { z } from 'zod';
import { formatPath, type Path, type ProblemCode } from './problem.ts';
import { didYouMean, listWords, nearest } from './suggest.ts';
import { valueAt } from './tree.ts';

export interface Finding {
  /** What is wrong stands here; for unknown and missing keys the path ends with the key. */
  readonly path: Path;
  readonly what: 'key' | 'value';
  readonly code: ProblemCode;
  readonly message: string;
  /** The known key that an unknown one probably stands for. */
  readonly meant?: string;
}

/** Words of the language that are not yet supported inside the spec of a look or step of this kind. */
const laterKeys: Readonly<Record<string, readonly string[]>> = {
  sql: ['settings'],
};

/** For `safeParse`: makes unknown keys carry the known ones, which zod's finished issues do not. */
export const carryKnownKeys: z.core.$ZodErrorMap = (issue) => {
  if (issue.code !== 'unrecognized_keys') return undefined;
  const def = issue.inst?._zod.def as { shape?: Record<string, z.core.$ZodType> } | undefined;
  const known = Object.entries(def?.shape ?? {}).filter(([, schema]) => !isLater(schema));
  return JSON.stringify(known.map(([key]) => key));
};

/** Whether a key is one that is not yet supported. */
export function isLater(schema: z.core.$ZodType): boolean {
  const def = schema._zod.def as { type: string; innerType?: z.core.$ZodType };
  return (
    def.type === 'never' || (def.type === 'optional' && def.innerType !== undefined && isLater(def.innerType))
  );
}

/** The findings of one issue. `root` is what was parsed, `base` the path at which it stands. */
export function findingsOf(issue: z.core.$ZodIssue, root: unknown, base: Path = []): readonly Finding[] {
  const path: Path = [...base, ...(issue.path as (string | number)[])];
  const at = formatPath(path);
  const found = valueAt(root, path);
  const finding = (
    code: ProblemCode,
    message: string,
    what: 'key' | 'value' = 'value',
  ): readonly Finding[] => [{ path, what, code, message }];

  if (issue.code === 'unrecognized_keys') return unknownKeys(issue, path);
  if (issue.code === 'invalid_type' && issue.expected === 'never') {
    return finding(
      'unsupported',
      `"${path.at(-1)}" in ${formatPath(path.slice(0, -1))} is not yet supported`,
      'key',
    );
  }
  if (found === undefined && issue.code !== 'custom') {
    const parent = formatPath(path.slice(0, -1));
    return finding('missing_key', `missing key "${path.at(-1)}" in ${parent}`, 'key');
  }
  switch (issue.code) {
    case 'invalid_union': {
      const branch = likeliest(issue.errors, found);
      if (branch !== null) return branch.flatMap((inner) => findingsOf(inner, root, path));
      const allowed = new Set(issue.errors.flatMap((errors) => errors.flatMap(allowedBy)));
      const meant = typeof found === 'string' ? didYouMean(found, allowed) : '';
      return finding('wrong_value', `${at}: found ${show(found)}; allowed: ${listWords(allowed)}${meant}`);
    }
    case 'invalid_key': {
      const reason = issue.issues[0]?.message ?? issue.message;
      return finding(
        'bad_name',
        `bad name "${path.at(-1)}" in ${formatPath(path.slice(0, -1))}: ${reason}`,
        'key',
      );
    }
    case 'invalid_value': {
      const allowed = issue.values.map(String);
      const meant = typeof found === 'string' ? didYouMean(found, allowed) : '';
      return finding('wrong_value', `${at}: found ${show(found)}; allowed: ${listWords(allowed)}${meant}`);
    }
    case 'invalid_type':
      return finding('wrong_value', `${at}: expected ${typeWord(issue.expected)}, found ${show(found)}`);
    case 'invalid_format':
      return finding(
        issue.message.includes('kebab') ? 'bad_name' : 'wrong_value',
        `${at}: ${issue.message}, found ${show(found)}`,
      );
    case 'custom':
      return finding('wrong_value', `${at}: ${issue.message}`);
    default:
      return finding('wrong_value', `${at}: ${lowerFirst(issue.message)}, found ${show(found)}`);
  }
}

function unknownKeys(issue: z.core.$ZodIssueUnrecognizedKeys, path: Path): readonly Finding[] {
  const known = JSON.parse(issue.message) as string[];
  const where = formatPath(path);
  return issue.keys.map((key): Finding => {
    const place = { path: [...path, key], what: 'key' } as const;
    if ((laterKeys[String(path.at(-1))] ?? []).includes(key)) {
      return { ...place, code: 'unsupported', message: `"${key}" in ${where} is not yet supported` };
    }
    return unknownKey([...path, key], known);
  });
}

/** An unknown key at the end of `path`, with what it probably stands for. */
export function unknownKey(path: Path, known: readonly string[]): Finding {
  const key = String(path.at(-1));
  const meant = nearest(key, known);
  const end = meant === null ? `; allowed: ${listWords(known)}` : didYouMean(key, known);
  const message = `unknown key "${key}" in ${formatPath(path.slice(0, -1))}${end}`;
  return { path, what: 'key', code: 'unknown_key', message, ...(meant === null ? {} : { meant }) };
}

/** The branch of a union that the author most likely meant: it takes this type of value, and objects least to mend. */
function likeliest(
  branches: readonly z.core.$ZodIssue[][],
  found: unknown,
): readonly z.core.$ZodIssue[] | null {
  const fitting = branches.filter((issues) => !issues.some((issue) => refusesType(issue)));
  const weight = (issues: readonly z.core.$ZodIssue[]) =>
    issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0);
  const sorted = [...fitting].sort((a, b) => weight(a) - weight(b));
  // A word where other words, or a map, may stand: all that the branches take is worth naming.
  const isWord = typeof found === 'string' && fitting.every(([first]) => first?.code === 'invalid_value');
  return isWord || (typeof found === 'string' && fitting.length > 1) ? null : (sorted[0] ?? null);
}

const refusesType = (issue: z.core.$ZodIssue) =>
  issue.path.length === 0 &&
  (issue.code === 'invalid_type' || (issue.code === 'invalid_value' && typeof issue.input !== 'string'));

function allowedBy(issue: z.core.$ZodIssue): readonly string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code === 'invalid_type') {
    const word = typeWord(issue.expected);
    return [word.startsWith('a ') ? word : `a ${word}`];
  }
  return [issue.message];
}

/** What authors of YAML call it. */
function typeWord(expected: string): string {
  if (expected === 'array') return 'a list';
  return expected === 'object' || expected === 'record' ? 'a map' : expected;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
