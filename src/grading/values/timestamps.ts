/** Timestamps that arrive as text: `timestamptz` of PostgreSQL in ISO style. */

const iso =
  /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?(Z|([+-])(\d{2})(?::?(\d{2}))?(?::?(\d{2}))?)$/;

/**
 * The moment, to the millisecond; or the text where there is none in the years 1 to 9999: `infinity`, BC, five-digit
 * years, and what is not a timestamp.
 */
export function parseTimestamptz(text: string): Date | string {
  const match = iso.exec(text);
  if (match === null) return text;
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '', fraction = '0'] = match;
  const [sign, zoneHours = '0', zoneMinutes = '0', zoneSeconds = '0'] = match.slice(9);
  const at = new Date(0);
  at.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  at.setUTCHours(Number(hour), Number(minute), Number(second), Math.floor(Number(`0.${fraction}`) * 1000));
  if (at.getUTCMonth() !== Number(month) - 1 || year === '0000') return text;
  const zone = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60 + Number(zoneSeconds);
  return new Date(at.getTime() - (sign === '-' ? -zone : zone) * 1000);
}
