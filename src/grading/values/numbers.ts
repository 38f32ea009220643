/** Numbers that arrive as text: `numeric` and `int8` of PostgreSQL. */

const MAX_DIGITS = 15;
const decimal = /^[+-]?(\d+)(?:\.(\d*))?(?:e([+-]?\d+))?$/i;

/**
 * A double when the text has at most 15 significant digits, which every double keeps; otherwise the text itself, because
 * a rounded account number is a wrong one. `NaN` and `Infinity` stay text.
 */
export function toNumberOrText(text: string): number | string {
  const [, whole, fraction = ''] = decimal.exec(text) ?? [];
  if (whole === undefined) return text;
  const digits = `${whole}${fraction.replace(/0+$/, '')}`.replace(/^0+/, '');
  if (digits.length > MAX_DIGITS) return text;
  const value = Number(text);
  const lost = !Number.isFinite(value) || (value === 0 && digits !== '');
  return lost ? text : value;
}
