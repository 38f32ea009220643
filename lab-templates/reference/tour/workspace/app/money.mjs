/** Cents of an amount such as "12.5". */
export function cents(amount) {
  return Math.round(Number(amount) * 100);
}
