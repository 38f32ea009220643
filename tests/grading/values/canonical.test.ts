import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Value } from '../../../src/grading/types.ts';
import { decode, encode } from '../../../src/grading/values/canonical.ts';
import { arbitraryValue } from './arbitrary-value.ts';

function nested(depth: number): Value {
  return depth === 1 ? 'x' : [nested(depth - 1)];
}

describe('the canonical form', () => {
  it.each<[string, Value]>([
    ['null', null],
    ['minus zero', -0],
    ['not a number', Number.NaN],
    ['infinity', Number.NEGATIVE_INFINITY],
    ['a NUL character', 'a\u0000b'],
    ['a lone surrogate', 'a\ud800b'],
    ['an emoji', '😀'],
    ['a timestamp', new Date('2025-01-02T03:04:05.678Z')],
    ['an invalid timestamp', new Date(Number.NaN)],
    ['bytes', new Uint8Array([0, 255])],
    ['empty things', [[], {}, '', new Uint8Array()]],
    ['a key called __proto__', JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}')],
  ])('gives %s back', (_, value) => {
    expect(decode(encode(value))).toStrictEqual(value);
  });

  it('gives every value back', () => {
    fc.assert(
      fc.property(arbitraryValue, (value) => {
        // Vitest takes a key called `constructor` for the class of the object.
        expect(isDeepStrictEqual(decode(encode(value)), value)).toBe(true);
      }),
    );
  });

  it('is the same for the same value, whatever the order of its keys', () => {
    expect(encode({ b: 1, a: { d: 2, c: 3 } })).toEqual(encode({ a: { c: 3, d: 2 }, b: 1 }));
  });

  it.each<[Value, Value]>([
    [1, '1'],
    [0, -0],
    [null, 'null'],
    [new Date(1), 1],
    [['a', 'b'], ['ab']],
    [{ a: null }, {}],
    ['ab', new Uint8Array([97, 98])],
  ])('tells %j from %j', (a, b) => {
    expect(encode(a)).not.toEqual(encode(b));
  });

  it('takes 64 levels and refuses 65', () => {
    expect(decode(encode(nested(64)))).toEqual(nested(64));
    expect(() => encode(nested(65))).toThrow(RangeError);
  });

  it('refuses what is not a recorded value', () => {
    expect(() => encode({ a: undefined } as unknown as Value)).toThrow(TypeError);
    expect(() => encode([1n] as unknown as Value)).toThrow(TypeError);
  });

  it('refuses bytes that it did not write', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        let value: Value;
        try {
          value = decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
          return;
        }
        expect(isDeepStrictEqual(decode(encode(value)), value)).toBe(true);
      }),
    );
    const whole = encode(['abc', 1]);
    expect(() => decode(whole.subarray(0, -1))).toThrow(/end too soon/);
    expect(() => decode(Buffer.concat([whole, Buffer.of(0)]))).toThrow(/follows/);
  });
});
