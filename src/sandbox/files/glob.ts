import { LabError } from '../../lab/errors.ts';

/** The parts of a relative path or glob. Throws LabError `bad_request` for what could lead out of the component. */
export function pathParts(path: string): readonly string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (path.startsWith('/') || path.includes('\0') || parts.includes('..') || parts.length === 0) {
    throw new LabError(
      'bad_request',
      `"${path}" is not a path inside the component: it must be relative, without "..".`,
    );
  }
  return parts;
}

/** Whether the name matches one part of a glob: `*` any letters, `?` one. Linear in time, whatever the pattern. */
export function matchesPart(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === name;
  let [p, n, star, mark] = [0, 0, -1, 0];
  while (n < name.length) {
    if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n]) && pattern[p] !== '*') {
      p += 1;
      n += 1;
    } else if (pattern[p] === '*') {
      [star, mark] = [p, n];
      p += 1;
    } else if (star !== -1) {
      mark += 1;
      [p, n] = [star + 1, mark];
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}

/**
 * The patterns that a child folder or file of this name still has to match, given those of its folder; `[]` among them
 * means that the name itself matches whole.
 */
export function step(patterns: readonly (readonly string[])[], name: string): readonly (readonly string[])[] {
  return patterns.flatMap((pattern) => advance(pattern, name));
}

function advance(pattern: readonly string[], name: string): readonly (readonly string[])[] {
  const [head, ...rest] = pattern;
  if (head === undefined) return [];
  if (head !== '**') return matchesPart(head, name) ? [rest] : [];
  // `**` stands for no folder, or swallows this one and goes on; at the end it is everything below.
  return rest.length === 0 ? [[], pattern] : [pattern, ...advance(rest, name)];
}
