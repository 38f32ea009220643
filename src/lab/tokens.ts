/** API tokens, as a port: only their hashes are kept, so that a copy of the store opens nothing. */
import type { Caller } from './lab-service.ts';

export interface NewToken {
  readonly id: string;
  readonly role: Caller['role'];
  /** Whom it speaks for: the trainee's name in labs. */
  readonly subject: string;
  /** The class that labs are made for which are asked for with it. */
  readonly class?: string | null;
  /** What people know it by. */
  readonly name: string;
  /** sha256 of the plain token. */
  readonly hash: Uint8Array;
  /** Null: it never expires. */
  readonly ttlSeconds: number | null;
}

export interface TokenRecord {
  readonly id: string;
  readonly role: Caller['role'];
  readonly subject: string;
  readonly class: string | null;
  readonly name: string;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
}

export interface FoundToken extends TokenRecord {
  /** By the database's clock, when it was looked up. */
  readonly state: 'valid' | 'expired' | 'revoked';
}

export interface TokenStore {
  create(token: NewToken): Promise<TokenRecord>;
  /** Also finds expired and revoked ones: `state` says which. */
  findByHash(hash: Uint8Array): Promise<FoundToken | null>;
  /** Oldest first, revoked ones too. */
  list(): Promise<readonly TokenRecord[]>;
  /** False when there is no such token or it was revoked before. */
  revoke(id: string): Promise<boolean>;
  /** Notes that it was used, at most once a minute. */
  touch(id: string): Promise<void>;
}
