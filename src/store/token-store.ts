/** API tokens: only their hashes are kept, so that a copy of the database opens nothing. */
import type pg from 'pg';
import { createDatabase } from './database.ts';

export type TokenRole = 'trainee' | 'instructor' | 'admin';

export interface NewToken {
  readonly id: string;
  readonly role: TokenRole;
  /** Whom it speaks for: the trainee's name in labs. */
  readonly subject: string;
  /** What people know it by. */
  readonly name: string;
  /** sha256 of the plain token. */
  readonly hash: Uint8Array;
  /** Null: it never expires. */
  readonly ttlSeconds: number | null;
}

export interface TokenRecord {
  readonly id: string;
  readonly role: TokenRole;
  readonly subject: string;
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

const columns = `
  id, role, subject, name, created_at as "createdAt", expires_at as "expiresAt", revoked_at as "revokedAt",
  last_used_at as "lastUsedAt"`;

export function createTokenStore(pool: pg.Pool): TokenStore {
  const db = createDatabase(pool);
  return {
    async create({ id, role, subject, name, hash, ttlSeconds }) {
      const [row] = await db.once<TokenRecord & object>({
        text: `
          insert into tokens (id, role, subject, name, token_hash, expires_at)
          values ($1, $2, $3, $4, $5, clock_ms() + $6 * interval '1 second')
          returning ${columns}`,
        values: [id, role, subject, name, Buffer.from(hash), ttlSeconds],
      });
      if (row === undefined) throw new Error('the new token gave no row');
      return row;
    },
    async findByHash(hash) {
      const [row] = await db.query<FoundToken & object>({
        name: 'token_by_hash',
        text: `
          select ${columns},
            case when revoked_at is not null then 'revoked'
                 when expires_at <= clock_ms() then 'expired' else 'valid' end as state
          from tokens where token_hash = $1`,
        values: [Buffer.from(hash)],
      });
      return row ?? null;
    },
    list: () =>
      db.query<TokenRecord & object>({ text: `select ${columns} from tokens order by created_at, id` }),
    async revoke(id) {
      const rows = await db.query({
        text: 'update tokens set revoked_at = clock_ms() where id = $1 and revoked_at is null returning id',
        values: [id],
      });
      return rows.length > 0;
    },
    async touch(id) {
      await db.query({
        name: 'touch_token',
        text: `
          update tokens set last_used_at = clock_ms()
          where id = $1 and (last_used_at is null or last_used_at < clock_ms() - interval '1 minute')`,
        values: [id],
      });
    },
  };
}
