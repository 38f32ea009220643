/** Who did what to whom: written by us, changed by nobody (the database refuses). */
import type pg from 'pg';
import type { AuditEntry, AuditSink } from '../lab/audit.ts';
import { createDatabase } from './database.ts';
import { jsonText, wellFormed } from './well-formed.ts';

export interface RecordedAudit extends AuditEntry {
  readonly id: string;
  readonly at: Date;
}

export interface AuditLog extends AuditSink {
  /** Newest first; `before` is the id where the page before ended. */
  list(query: {
    readonly target?: string;
    readonly before?: string;
    readonly limit: number;
  }): Promise<readonly RecordedAudit[]>;
}

export function createAuditLog(pool: pg.Pool): AuditLog {
  const db = createDatabase(pool);
  return {
    async record({ actor, role, action, target, detail }) {
      await db.once({
        name: 'record_audit',
        text: 'insert into audit_log (actor, role, action, target, detail) values ($1, $2, $3, $4, $5)',
        values: [
          wellFormed(actor),
          role,
          action,
          target === null ? null : wellFormed(target),
          jsonText(detail),
        ],
      });
    },
    list({ target, before, limit }) {
      return db.query<RecordedAudit & object>({
        text: `
          select id::text, at, actor, role, action, target, detail from audit_log
          where ($1::text is null or target = $1) and ($2::bigint is null or audit_log.id < $2)
          order by audit_log.id desc limit $3`,
        values: [target ?? null, before ?? null, limit],
      });
    },
  };
}
