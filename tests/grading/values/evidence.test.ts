import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Value } from '../../../src/grading/types.ts';
import { encode } from '../../../src/grading/values/canonical.ts';
import {
  openEvidence,
  recordEvidence,
  sealEvidence,
  throughEvidence,
} from '../../../src/grading/values/evidence.ts';
import { arbitraryValue } from './arbitrary-value.ts';

const key = Buffer.alloc(32, 7);
const otherKey = Buffer.alloc(32, 8);
const value: Value = { rows: [{ email: 'someone@example.org', total: 49 }] };

describe('evidence', () => {
  it('opens to what was sealed, with a key and without', () => {
    fc.assert(
      fc.property(arbitraryValue, fc.constantFrom(null, key), (any, with_) => {
        expect(isDeepStrictEqual(openEvidence(sealEvidence(any, with_), with_), any)).toBe(true);
      }),
    );
  });

  it('is addressed by the sha256 of its canonical bytes', () => {
    const address = createHash('sha256').update(encode(value)).digest('hex');
    expect(sealEvidence(value).address).toBe(address);
  });

  it('is the same piece every time', () => {
    expect(sealEvidence(value, key)).toEqual(sealEvidence(value, key));
    expect(sealEvidence(value)).toEqual(sealEvidence(value));
  });

  it('shows neither content nor a content hash once encrypted', () => {
    const piece = sealEvidence(value, key);
    expect(Buffer.from(piece.bytes).includes('someone')).toBe(false);
    expect(piece.address).not.toBe(sealEvidence(value).address);
    expect(piece.address).not.toBe(sealEvidence(value, otherKey).address);
  });

  it('does not open with another key, without one, or for another address', () => {
    const piece = sealEvidence(value, key);
    expect(() => openEvidence(piece, otherKey)).toThrow();
    expect(() => openEvidence(piece)).toThrow(/no key/);
    expect(() => openEvidence({ ...piece, address: sealEvidence(1, key).address }, key)).toThrow();
    expect(() => openEvidence({ ...sealEvidence(value), address: sealEvidence(1).address })).toThrow(
      /address/,
    );
  });

  it('does not open when a single bit was changed', () => {
    const piece = sealEvidence(value, key);
    fc.assert(
      fc.property(fc.nat(piece.bytes.length - 1), fc.nat(7), (at, bit) => {
        const bytes = Uint8Array.from(piece.bytes);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        expect(() => openEvidence({ ...piece, bytes }, key)).toThrow();
      }),
    );
  });

  it('is compressed', () => {
    const rows = Array.from({ length: 1000 }, (_, id) => ({ id, status: 'active' }));
    expect(sealEvidence(rows).bytes.length).toBeLessThan(encode(rows).length / 4);
  });

  it('hands out the stored form together with the piece', () => {
    const { piece, value: stored } = recordEvidence(value, key);
    expect(piece).toEqual(sealEvidence(value, key));
    expect(stored).toStrictEqual(openEvidence(piece, key));
    expect(stored).not.toBe(value);
    expect(throughEvidence(value)).toStrictEqual(stored);
  });
});
