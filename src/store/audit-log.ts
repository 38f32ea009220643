/** Who did what to whom: written by us, changed by nobody (the database refuses). */
import type pg from 'pg';
import type { AuditLog, RecordedAudit } from '../lab/audit.ts';
import { createDatabase } from './database.ts';
import { jsonText, wellFormed } from './well-formed.ts';

export function createAuditLog(pool: pg.Pool): AuditLog {
  const db = createDatabase(pool);
  return {
    async record({ actor, role, action, target, outcome, detail }) {
      await db.once({
        name: 'record_audit',
        text: 'insert into audit_log (actor, role, action, target, outcome, detail) values ($1, $2, $3, $4, $5, $6)',
        values: [
          wellFormed(actor),
          role,
          action,
          target === null ? null : wellFormed(target),
          outcome,
          jsonText(detail),
        ],
      });
    },
    list({ target, actor, action, since, before, limit }) {
      return db.query<RecordedAudit & object>({
        text: `
          select id::text, at, actor, role, action, target, outcome, detail from audit_log
          where ($1::text is null or target = $1) and ($2::text is null or actor = $2)
            and ($3::text is null or action = $3) and ($4::timestamptz is null or at >= $4)
            and ($5::bigint is null or audit_log.id < $5)
          order by audit_log.id desc limit $6`,
        values: [target ?? null, actor ?? null, action ?? null, since ?? null, before ?? null, limit],
      });
    },
  };
}
