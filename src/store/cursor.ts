/** Keyset cursors: where a page ended, opaque to callers. */
import { LabError } from '../lab/errors.ts';

export interface PageEnd {
  readonly createdAt: Date;
  readonly id: string;
}

/** An opaque cursor for the page that follows this row. */
export function encodeCursor(end: PageEnd): string {
  return Buffer.from(JSON.stringify([end.createdAt.getTime(), end.id])).toString('base64url');
}

/** Throws `validation_failed` naming `cursor` for anything that `encodeCursor` did not make. */
export function decodeCursor(cursor: string): PageEnd {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(parts) && parts.length === 2) {
      const [millis, id]: unknown[] = parts;
      const createdAt = new Date(typeof millis === 'number' ? millis : Number.NaN);
      const end = typeof id === 'string' ? { createdAt, id } : null;
      if (end && !Number.isNaN(createdAt.getTime()) && encodeCursor(end) === cursor) return end;
    }
  } catch {
    // Not JSON: told below like any other bad cursor.
  }
  throw new LabError(
    'validation_failed',
    'The cursor is not one that this server gave out: ask for the first page.',
    {
      extra: { field: 'cursor' },
    },
  );
}
