/** Numbers and times from PostgreSQL's text, where doubles and `Date` can hold them; else the text stays. */

/** A number when at most 15 significant digits say it, so that it round-trips; else the text (NaN, Infinity, long). */
export function toNumberOrText(raw: string): number | string {
  const digits = raw.replace(/^-/, '').replace('.', '').replace(/^0+/, '');
  const significant = raw.includes('.') ? digits : digits.replace(/0+$/, '');
  return /^-?\d+(\.\d+)?$/.test(raw) && significant.length <= 15 ? Number(raw) : raw;
}

/** A moment between year 1 and 9999; infinity and BC stay text. The session's time zone is UTC. */
export function parseTimestamptz(raw: string): Date | string {
  const parts = /^(\d{4})-(\d\d)-(\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,6})?)\+00$/.exec(raw);
  if (parts === null) return raw;
  const time = (parts[4] ?? '').replace(/(\.\d{3})\d+$/, '$1');
  const date = new Date(`${parts[1]}-${parts[2]}-${parts[3]}T${time}Z`);
  return Number.isNaN(date.getTime()) ? raw : date;
}
