/** The words that several routes share. Requests are strict: a field that is not known is refused, not ignored. */
import { z } from 'zod';

/** Ids of labs, templates, checks …: what is longer or holds other characters can be none of ours. */
export const idSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'letters, digits, ".", "_" and "-", at most 100');

/** A version of a template, as people write it. */
export const versionSchema = z
  .string()
  .max(64)
  .regex(
    /^([0-9a-f]{4,64}|[a-z]{3,12})$/,
    '"draft", "staged", "released", or the first 4 or more digits of a hash',
  )
  .describe('`draft`, `staged`, `released`, or the beginning of a hash');

/** A person's name in this system, such as an e-mail address. */
export const subjectSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'text without control characters');

/** Text of several lines. */
export const textSchema = (max: number) =>
  z
    .string()
    .max(max)
    // U+0000 and lone surrogates are what the database cannot hold.
    .refine((text) => text.isWellFormed() && !text.includes('\u0000'), 'well-formed text without U+0000');

export const labParams = z.strictObject({ id: idSchema.describe("The lab's id") });

export const cursorSchema = z.string().min(1).max(500).describe('`nextCursor` of the page before');

export const limitSchema = z.coerce.number().int().min(1).max(200).default(50).describe('Items a page');

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `45s`, `90m`, `2h`, `7d`; becomes seconds. */
export const durationSchema = z
  .string()
  .regex(/^[1-9]\d{0,5}[smhd]$/, 'a duration such as 45s, 90m, 2h or 7d')
  .transform((text) => Number(text.slice(0, -1)) * (unitSeconds[text.slice(-1)] ?? 1))
  .describe('A duration such as 45s, 90m, 2h or 7d');

/** A time as ISO 8601 text with a zone. */
export const timeSchema = z.string().describe('Time, ISO 8601');

export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    nextCursor: z.string().nullable().describe('Ask for the next page with it; null on the last one'),
  });

/** A time for the wire. */
export function iso(time: Date): string;
export function iso(time: Date | null): string | null;
export function iso(time: Date | null): string | null {
  return time === null ? null : time.toISOString();
}
