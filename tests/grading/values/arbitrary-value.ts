/** Any recorded value: what JSON has, and -0, NaN, timestamps, bytes, lone surrogates and odd keys. */
import fc from 'fast-check';
import type { Value } from '../../../src/grading/types.ts';

const oddKeys = ['__proto__', 'constructor', 'toString', '', 'a b', '\u0000', '\ud800'];

export const arbitraryText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
  fc.constantFrom('{{params.email}}', '\u0000', '\ud800', '–'),
);

export const arbitraryValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.double(),
    fc.integer(),
    arbitraryText,
    fc.date(),
    fc.uint8Array(),
    fc.array(tie('value')),
    fc
      .array(fc.tuple(fc.oneof(arbitraryText, fc.constantFrom(...oddKeys)), tie('value')))
      .map((entries) => Object.fromEntries(entries)),
  ),
})).value;
