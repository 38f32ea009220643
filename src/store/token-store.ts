/** API tokens: only their hashes are kept, so that a copy of the database opens nothing. */
import type pg from 'pg';
import type { FoundToken, TokenRecord, TokenStore } from '../lab/tokens.ts';
import { createDatabase } from './database.ts';

const columns = `
  id, role, subject, class, name, created_at as "createdAt", expires_at as "expiresAt", revoked_at as "revokedAt",
  last_used_at as "lastUsedAt"`;

export function createTokenStore(pool: pg.Pool): TokenStore {
  const db = createDatabase(pool);
  return {
    async create({ id, role, subject, class: group = null, name, hash, ttlSeconds }) {
      const [row] = await db.once<TokenRecord & object>({
        text: `
          insert into tokens (id, role, subject, name, token_hash, expires_at, class)
          values ($1, $2, $3, $4, $5, clock_ms() + $6 * interval '1 second', $7)
          returning ${columns}`,
        values: [id, role, subject, name, Buffer.from(hash), ttlSeconds, group],
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
