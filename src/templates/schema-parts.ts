/** Pieces of the template schema: names, durations, words that are not yet supported. */
import { z } from 'zod';
import type { Json } from './types.ts';

/**
 * Keys that belong to the language but are not yet supported: refused by name, apart from unknown keys, and shown as
 * such by editors.
 */
export function later<const Word extends string>(
  ...words: readonly Word[]
): Record<Word, z.ZodOptional<z.ZodNever>> {
  const entries = words.map((word) => [word, z.never().optional().describe('Not yet supported.')]);
  return Object.fromEntries(entries) as Record<Word, z.ZodOptional<z.ZodNever>>;
}

/** `customer-created`: what ids of templates, tasks, checks, steps … look like. */
export const kebab = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'expected kebab-case such as "customer-created"');

/** What parameters, components and observations are called, so that expressions can name them: `monthlyRate`. */
export const identifier = z
  .string()
  .max(64)
  .regex(
    /^[a-zA-Z][a-zA-Z0-9_]*$/,
    'expected letters, digits and "_", a letter first, such as "monthlyRate"',
  );

export const line = z.string().min(1).max(500);
export const prose = z.string().min(1).max(10_000);

/** A path in the template's folder. */
export const folderPath = z
  .string()
  .min(1)
  .max(500)
  .refine(
    (path) =>
      !path.startsWith('/') && !path.includes('\\') && !path.split('/').some((p) => p === '..' || p === '.'),
    'expected a path inside the folder, without "..", "." and a leading slash',
  );

const units = { ms: 0.001, s: 1, m: 60, h: 3600 } as const;

/** A duration such as `2h`, `30s`, `15m`, `250ms`; seconds when parsed. */
const seconds = z
  .string()
  .max(20)
  .regex(/^\d+(\.\d+)?(ms|s|m|h)$/, 'expected a duration such as "2h", "15m", "30s" or "250ms"')
  .transform((text) => {
    const unit = /[a-z]+$/.exec(text)?.[0] as keyof typeof units;
    return Math.round(Number.parseFloat(text) * units[unit] * 1000) / 1000;
  });

/** Seconds; null for what is no duration. */
export function durationOf(text: string): number | null {
  const parsed = seconds.safeParse(text);
  return parsed.success ? parsed.data : null;
}

/** A duration between two bounds, in seconds. */
export const secondsBetween = (least: number, most: number) =>
  seconds.refine((s) => s >= least && s <= most, `expected a duration from ${least}s to ${most}s`);

export const json: z.ZodType<Json> = z.json() as z.ZodType<Json>;

export const points = z.int().min(1).max(10_000);

/**
 * An object that holds exactly one of `kinds` besides its other keys: `{ sql: … }`, `{ http: … }`. Checked by
 * refinement so that a problem inside the one is reported in its own place.
 */
export function exactlyOne(kinds: readonly string[], what: string) {
  return (value: object, context: z.core.$RefinementCtx) => {
    const present = kinds.filter((kind) => (value as Record<string, unknown>)[kind] !== undefined);
    if (present.length === 1) return;
    const found = present.length === 0 ? 'none' : present.join(' and ');
    context.addIssue({
      code: 'custom',
      message: `expected exactly one ${what} of ${kinds.join(', ')}; found ${found}`,
      continue: false,
    });
  };
}
