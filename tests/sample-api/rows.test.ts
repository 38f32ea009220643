import fc from 'fast-check';
import { expect, it } from 'vitest';
import { iso } from '../../src/sample-api/seed/rows.ts';

it('writes times as Date does, to the second', () => {
  const seconds = fc.integer({ min: Date.UTC(1970, 0, 1) / 1000, max: Date.UTC(2400, 0, 1) / 1000 });
  fc.assert(
    fc.property(seconds, (second) => {
      expect(iso(second * 1000)).toBe(new Date(second * 1000).toISOString().replace('.000Z', 'Z'));
    }),
    { numRuns: 5_000 },
  );
});
