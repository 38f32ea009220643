/** How a check's points are shared among its expectations. */

/**
 * What is not given out is split evenly among the expectations without points of their own; the rest of the division
 * goes to the first of these. Null when the sum does not come out, or an expectation would be worth nothing.
 */
export function sharePoints(total: number, given: readonly (number | undefined)[]): readonly number[] | null {
  const open = given.filter((points) => points === undefined).length;
  const left = total - given.reduce<number>((sum, points) => sum + (points ?? 0), 0);
  if (open === 0) return left === 0 ? given.map((points) => points ?? 0) : null;
  if (left < open) return null;
  const each = Math.floor(left / open);
  const first = given.indexOf(undefined);
  return given.map((points, index) => points ?? (index === first ? left - each * (open - 1) : each));
}
