/** One-time codes in the control database, so that any replica takes a code that another has given. */
import { createHash, randomBytes } from 'node:crypto';
import type pg from 'pg';
import type { Entry, PageCodes } from '../proxy/page-codes.ts';
import { createDatabase } from './database.ts';

export function createPageCodes(pool: pg.Pool): PageCodes {
  const db = createDatabase(pool);
  return {
    async issue({ labId, component, role, subject }, seconds) {
      const code = randomBytes(24).toString('base64url');
      const [row] = await db.once<{ expires_at: Date }>({
        name: 'issue_page_code',
        text: `
          with over as (delete from page_codes where expires_at < clock_ms() - interval '1 hour')
          insert into page_codes (code_hash, lab_id, component, role, subject, expires_at)
          values ($1, $2, $3, $4, $5, clock_ms() + $6 * interval '1 second')
          returning expires_at`,
        values: [hashOf(code), labId, component, role, subject, seconds],
      });
      if (row === undefined) throw new Error('a code was not recorded');
      return { code, expiresAt: row.expires_at };
    },
    async redeem(code) {
      const [row] = await db.once<Entry & object>({
        name: 'redeem_page_code',
        text: `
          delete from page_codes where code_hash = $1 and expires_at > clock_ms()
          returning lab_id as "labId", component, role, subject`,
        values: [hashOf(code)],
      });
      return row ?? null;
    },
  };
}

function hashOf(code: string): Buffer {
  return createHash('sha256').update(code).digest();
}
