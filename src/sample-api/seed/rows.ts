/** A value as PostgreSQL is given it. Money is in cents until it is written. */
export type Cell = string | number | boolean | null;

/** Rows of one table, in the order in which they are inserted. */
export interface Rows {
  table: string;
  columns: Readonly<Record<string, string>>;
  rows: Cell[][];
}

export const day = 24 * 60 * 60 * 1000;

export const iso = (at: number): string => new Date(at).toISOString();
export const dateOnly = (at: number): string => iso(at).slice(0, 10);
export const money = (cents: number): string => (cents / 100).toFixed(2);

/** Midnight UTC of the first of the month that lies `offset` months after that of `at`. */
export function monthStart(at: number, offset = 0): number {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + offset, 1);
}
