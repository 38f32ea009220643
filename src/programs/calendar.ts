/** Days and spans of days, months and years, all in UTC. */

/** Such as `3 months`. */
export interface Span {
  readonly count: number;
  readonly unit: 'day' | 'week' | 'month' | 'year';
}

/** The same moment so much later; the last day of a month stays within its month: 31 January + 1 month = 28 February. */
export function plus(time: Date, span: Span): Date {
  return shift(time, span, 1);
}

export function minus(time: Date, span: Span): Date {
  return shift(time, span, -1);
}

function shift(time: Date, { count, unit }: Span, sign: 1 | -1): Date {
  const moved = new Date(time);
  if (unit === 'day' || unit === 'week') {
    moved.setUTCDate(moved.getUTCDate() + sign * count * (unit === 'week' ? 7 : 1));
    return moved;
  }
  const day = moved.getUTCDate();
  moved.setUTCDate(1);
  moved.setUTCMonth(moved.getUTCMonth() + sign * count * (unit === 'year' ? 12 : 1));
  const last = new Date(Date.UTC(moved.getUTCFullYear(), moved.getUTCMonth() + 1, 0)).getUTCDate();
  moved.setUTCDate(Math.min(day, last));
  return moved;
}

/** `2026-03-01`. */
export const dayOf = (time: Date): string => time.toISOString().slice(0, 10);

/** When a day begins. */
export const startOf = (day: string): Date => new Date(`${day}T00:00:00.000Z`);

/** Whether a text is a day that there is. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const time = startOf(text);
  return !Number.isNaN(time.getTime()) && dayOf(time) === text;
}

export const showSpan = ({ count, unit }: Span): string => `${count} ${unit}${count === 1 ? '' : 's'}`;
