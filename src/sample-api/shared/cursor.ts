import { z } from 'zod';
import { invalid } from './errors.ts';

/** Where a page ended: the sort value as the database wrote it (microseconds and all), and the id. */
export interface Cursor {
  at: string;
  id: string;
}

const shape = z.tuple([z.string().regex(/^\d{4}-[\d :.+-]+$/), z.string().regex(/^[\da-f-]{1,36}$/)]);

export function encodeCursor({ at, id }: Cursor): string {
  return Buffer.from(JSON.stringify([at, id])).toString('base64url');
}

/** Throws 422 for anything that {@link encodeCursor} did not make. */
export function decodeCursor(text: string): Cursor {
  try {
    const [at, id] = shape.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    return { at, id };
  } catch {
    throw invalid('cursor', 'take it from next_cursor of the page before');
  }
}
