/**
 * Values at rest: canonical bytes, compressed, addressed by content, encrypted where the installation has a key.
 * With a key the address is an HMAC: the sha256 of a short answer would be found by trying all short answers.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  timingSafeEqual,
} from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { EvidencePiece, Value } from '../types.ts';
import { decode, encode } from './canonical.ts';

const PLAIN = 0;
const ENCRYPTED = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** An observation is at most a few MiB; more means that the stored bytes are not ours. */
const MAX_VALUE_BYTES = 64 * 1024 * 1024;

/**
 * The piece to store, and the value as it will be read back: judge that one, so that a regrade sees what was judged.
 * Throws as `encode` does.
 */
export function recordEvidence(
  value: Value,
  key: Uint8Array | null = null,
): { readonly piece: EvidencePiece; readonly value: Value } {
  const canonical = encode(value);
  return { piece: seal(canonical, key), value: decode(canonical) };
}

/** Ready to be stored. The same value under the same key gives the same piece. Throws as `encode` does. */
export function sealEvidence(value: Value, key: Uint8Array | null = null): EvidencePiece {
  return seal(encode(value), key);
}

function seal(canonical: Uint8Array, key: Uint8Array | null): EvidencePiece {
  const packed = zstdCompressSync(canonical, { params: { [constants.ZSTD_c_compressionLevel]: 3 } });
  if (key === null) {
    return { address: sha256(canonical), bytes: Buffer.concat([Buffer.of(PLAIN), packed]) };
  }
  const keys = keysFrom(key);
  const address = createHmac('sha256', keys.address).update(canonical).digest('hex');
  // Derived from the content, so that a piece stored twice is one piece, and never used for two contents.
  const nonce = createHmac('sha256', keys.nonce).update(canonical).digest().subarray(0, NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keys.cipher, nonce).setAAD(Buffer.from(address));
  const encrypted = Buffer.concat([cipher.update(packed), cipher.final()]);
  return { address, bytes: Buffer.concat([Buffer.of(ENCRYPTED), nonce, encrypted, cipher.getAuthTag()]) };
}

/** What was sealed. Throws when the bytes are not those of the address, or the key is not the one. */
export function openEvidence(piece: EvidencePiece, key: Uint8Array | null = null): Value {
  const [format] = piece.bytes;
  const body = Buffer.from(piece.bytes.subarray(1));
  if (format === PLAIN) {
    const canonical = unpack(body);
    if (sha256(canonical) !== piece.address) throw new Error('evidence does not have its address');
    return decode(canonical);
  }
  if (format !== ENCRYPTED) throw new Error('evidence is of an unknown format');
  if (key === null) throw new Error('evidence is encrypted and there is no key');
  const keys = keysFrom(key);
  const decipher = createDecipheriv('aes-256-gcm', keys.cipher, body.subarray(0, NONCE_BYTES))
    .setAAD(Buffer.from(piece.address))
    .setAuthTag(body.subarray(-TAG_BYTES));
  const packed = Buffer.concat([decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  const canonical = unpack(packed);
  const address = createHmac('sha256', keys.address).update(canonical).digest();
  if (!sameBytes(address, Buffer.from(piece.address, 'hex')))
    throw new Error('evidence does not have its address');
  return decode(canonical);
}

/** The value as it will be read back: what is judged live is what a regrade judges. Throws as `encode` does. */
export function throughEvidence(value: Value): Value {
  return decode(encode(value));
}

function unpack(packed: Uint8Array): Uint8Array {
  return zstdDecompressSync(packed, { maxOutputLength: MAX_VALUE_BYTES });
}

function keysFrom(key: Uint8Array): { cipher: Uint8Array; address: Uint8Array; nonce: Uint8Array } {
  const derive = (use: string) =>
    new Uint8Array(hkdfSync('sha256', key, '', `labwright evidence ${use}`, 32));
  return { cipher: derive('cipher'), address: derive('address'), nonce: derive('nonce') };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
