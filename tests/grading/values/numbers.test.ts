import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toNumberOrText } from '../../../src/grading/values/numbers.ts';

describe('toNumberOrText', () => {
  it.each<[string, number | string]>([
    ['0', 0],
    ['-12.50', -12.5],
    ['49.000000000000000000000', 49],
    ['0.1', 0.1],
    ['000000000000000000012', 12],
    ['123456789012345', 123456789012345],
    ['1234567890123456', '1234567890123456'],
    ['9223372036854775807', '9223372036854775807'],
    ['1000000000000000000000', '1000000000000000000000'],
    ['0.1234567890123456', '0.1234567890123456'],
    ['1e5', 100000],
    ['1e400', '1e400'],
    ['1e-400', '1e-400'],
    ['NaN', 'NaN'],
    ['Infinity', 'Infinity'],
    ['', ''],
    ['12 ', '12 '],
    ['0x10', '0x10'],
  ])('reads %j as %j', (text, expected) => {
    expect(toNumberOrText(text)).toBe(expected);
  });

  it('never changes a number: what becomes a double prints as the same decimal', () => {
    const digits = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
    fc.assert(
      fc.property(digits, fc.nat(18), (n, scale) => {
        const sign = n < 0n ? '-' : '';
        const all = (n < 0n ? -n : n).toString().padStart(scale + 1, '0');
        const text = `${sign}${all.slice(0, all.length - scale)}.${all.slice(all.length - scale)}`;
        const read = toNumberOrText(text);
        if (typeof read === 'string') expect(read).toBe(text);
        else expect(Number(read.toPrecision(15))).toBe(Number(text));
      }),
    );
  });
});
