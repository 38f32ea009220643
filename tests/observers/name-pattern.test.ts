import { describe, expect, it } from 'vitest';
import { matchesGlob } from '../../src/observers/name-pattern.ts';

describe('globs', () => {
  it.each([
    ['test/**', 'test/a.ts', true],
    ['test/**', 'test/deep/a.test.ts', true],
    ['test/**', 'testing/a.ts', false],
    ['**/*.test.ts', 'a.test.ts', true],
    ['**/*.test.ts', 'src/deep/a.test.ts', true],
    ['**/*.test.ts', 'src/a.ts', false],
    ['src/*/a.ts', 'src/b/a.ts', true],
    ['src/*/a.ts', 'src/b/c/a.ts', false],
    ['src/*', 'src/a/b', false],
    ['by_?', 'by_a', true],
    ['by_?', 'by_ab', false],
    ['*', 'anything.at.all', true],
    ['a*b*c', 'aXbYbZc', true],
    ['a[b]', 'a[b]', true],
    ['**/x/**', 'a/x/b/x/c', true],
  ])('%s and %s: %s', (pattern, path, fits) => {
    expect(matchesGlob(pattern, path)).toBe(fits);
  });

  it('ends soon for a name made to be slow', () => {
    const start = performance.now();
    expect(matchesGlob(`${'*a'.repeat(50)}b`, 'a'.repeat(10_000))).toBe(false);
    expect(matchesGlob(`${'**/a/'.repeat(50)}b`, 'a/'.repeat(5_000))).toBe(false);
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
