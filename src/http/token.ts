/** API tokens: long random text for the caller, only its hash for us. */
import { createHash } from 'node:crypto';

export interface MintedToken {
  readonly id: string;
  /** Shown once. */
  readonly plain: string;
  readonly hash: Uint8Array;
}

/** `lw_` lets secret scanners and our own log masking recognise a token anywhere. */
export const tokenShape = /lw_[A-Za-z0-9_-]{43}/;

/** A new token of 256 random bits. */
export function mintToken(randomBytes: (size: number) => Uint8Array): MintedToken {
  const plain = `lw_${Buffer.from(randomBytes(32)).toString('base64url')}`;
  const id = `tok-${Buffer.from(randomBytes(8)).toString('hex')}`;
  return { id, plain, hash: hashToken(plain) };
}

/** sha256. A plain hash is right for 256 random bits: there is nothing to guess. */
export function hashToken(plain: string): Uint8Array {
  return createHash('sha256').update(plain).digest();
}
