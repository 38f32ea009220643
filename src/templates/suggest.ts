/** The word that was probably meant. */
import { distance } from 'fastest-levenshtein';

/** The candidate nearest to `word`, or null when none is near enough to be meant: two or a third of its letters differ. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  let best: string | null = null;
  let bestDistance = (word.length < 4 ? 1 : Math.max(2, Math.floor(word.length / 3))) + 1;
  for (const candidate of candidates) {
    if (candidate === word) continue;
    const far = distance(word.toLowerCase(), candidate.toLowerCase());
    if (far < bestDistance) {
      best = candidate;
      bestDistance = far;
    }
  }
  return best;
}

/** `; did you mean "points"?`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const meant = nearest(word, candidates);
  return meant === null ? '' : `; did you mean "${meant}"?`;
}

/** `a, b, c`, shortened when there are very many; `none` when there are none. */
export function listWords(words: Iterable<string>): string {
  const all = [...words];
  if (all.length === 0) return 'none';
  return all.length > 24 ? `${all.slice(0, 24).join(', ')} …` : all.join(', ');
}
