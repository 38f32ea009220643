/** Globs over names and paths: `*` within a part, `**` over parts, `?` one letter. Linear, whatever the name. */

/** Whether a path matches; a pattern without a slash is matched with the whole name. */
export function matchesGlob(pattern: string, path: string): boolean {
  return matches(pattern.split('/'), path.split('/'), (part, name) =>
    part === '**' ? 'any' : matches([...part], [...name], letter) ? 'one' : 'none',
  );
}

export function matchesAny(patterns: readonly string[], path: string): boolean {
  return patterns.some((pattern) => matchesGlob(pattern, path));
}

function letter(wanted: string, found: string): Fit {
  if (wanted === '*') return 'any';
  return wanted === '?' || wanted === found ? 'one' : 'none';
}

/** `any`: stands for no, one or several elements. */
type Fit = 'any' | 'one' | 'none';

/** Going back only to the last `any` is enough: what an earlier one would take, the last one takes too. */
function matches(
  pattern: readonly string[],
  found: readonly string[],
  compare: (wanted: string, found: string) => Fit,
): boolean {
  let [p, n] = [0, 0];
  let back: { readonly p: number; n: number } | null = null;
  while (n < found.length) {
    const wanted = pattern[p];
    const fits = wanted === undefined ? 'none' : compare(wanted, found[n] ?? '');
    if (fits === 'one') {
      p += 1;
      n += 1;
    } else if (fits === 'any') {
      back = { p, n };
      p += 1;
    } else if (back !== null) {
      back.n += 1;
      [p, n] = [back.p + 1, back.n];
    } else return false;
  }
  return pattern.slice(p).every((wanted) => compare(wanted, '') === 'any');
}
