/** Percentages: compared exactly, shown rounded down, so that nobody reads 85 where 84.996 did not pass. */

const tolerance = 1e-9;

/** Whether `percent` is at least `pass`, but for what sums of doubles lose. */
export const reaches = (percent: number, pass: number): boolean => percent >= pass - tolerance;

/** To two decimals, down. */
export const rounded = (percent: number): number => Math.floor((percent + tolerance) * 100) / 100;

export const show = (percent: number): string => `${rounded(percent)} %`;

export const share = (points: number, maxPoints: number): number =>
  maxPoints <= 0 ? 0 : Math.min(100, Math.max(0, (points / maxPoints) * 100));

export const mean = (all: readonly number[]): number =>
  all.length === 0 ? 0 : all.reduce((sum, one) => sum + one, 0) / all.length;

/** What weighted parts give together; what has no percentage yet counts as nothing. Null: none of them has one. */
export function weighted(
  parts: readonly { readonly weight: number; readonly percent: number | null }[],
): number | null {
  if (parts.every((part) => part.percent === null)) return null;
  return parts.reduce((sum, { weight, percent }) => sum + (weight * (percent ?? 0)) / 100, 0);
}
