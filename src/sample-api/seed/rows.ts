/** A value as PostgreSQL is given it. Money is in cents until it is written. */
export type Cell = string | number | boolean | null;

/** Rows of one table, in the order in which they are inserted. */
export interface Rows {
  table: string;
  columns: Readonly<Record<string, string>>;
  rows: Cell[][];
}

export const day = 24 * 60 * 60 * 1000;

const twoDigits = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, '0'));

/** ISO 8601 in UTC, to the second. Two million of them at scale M: Date's own costs a second and a half. */
export function iso(at: number): string {
  const days = Math.floor(at / day);
  const second = Math.floor((at - days * day) / 1000);
  const [hours, minutes] = [Math.floor(second / 3600), Math.floor(second / 60) % 60];
  return `${civil(days)}T${twoDigits[hours]}:${twoDigits[minutes]}:${twoDigits[second % 60]}Z`;
}

/** The date of a day since 1970, by Hinnant's days_from_civil turned round (for years after 0). */
function civil(days: number): string {
  const since = days + 719_468;
  const era = Math.floor(since / 146_097);
  const inEra = since - era * 146_097;
  const year = Math.floor(
    (inEra - Math.floor(inEra / 1460) + Math.floor(inEra / 36_524) - Math.floor(inEra / 146_096)) / 365,
  );
  const inYear = inEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const shifted = Math.floor((5 * inYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const full = year + era * 400 + (month <= 2 ? 1 : 0);
  return `${full}-${twoDigits[month]}-${twoDigits[inYear - Math.floor((153 * shifted + 2) / 5) + 1]}`;
}

export const dateOnly = (at: number): string => iso(at).slice(0, 10);
export const money = (cents: number): string => (cents / 100).toFixed(2);

/** Midnight UTC of the first of the month that lies `offset` months after that of `at`. */
export function monthStart(at: number, offset = 0): number {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + offset, 1);
}
