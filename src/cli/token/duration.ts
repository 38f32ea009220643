import { CliError } from '../cli-error.ts';

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `45s`, `90m`, `2h`, `7d` in seconds. Throws CliError `usage`. */
export function parseDuration(text: string): number {
  const [, count, unit = ''] = /^([1-9]\d{0,5})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return Number(count) * (units[unit] ?? 1);
  throw new CliError(
    'usage',
    'bad_duration',
    `Found "${text}"; allowed is a duration such as 45s, 90m, 2h or 7d.`,
  );
}
