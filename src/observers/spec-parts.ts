/** Pieces that the specs of looks and actions share. */
import { z } from 'zod';
import type { ValueType } from '../grading/types.ts';
import type { Json } from '../templates/types.ts';

const bytesOf = { '': 1, KiB: 1024, MiB: 1024 * 1024 } as const;

/** A size such as `64KiB`, or a number of bytes, of at most `most` bytes. */
export function bytesUpTo(most: number) {
  const written = z
    .string()
    .regex(/^\d+(KiB|MiB)?$/, 'expected a size such as 64KiB')
    .transform((text) => {
      const unit = (/[a-zA-Z]+$/.exec(text)?.[0] ?? '') as keyof typeof bytesOf;
      return Number.parseInt(text, 10) * bytesOf[unit];
    });
  return z
    .union([z.int(), written])
    .refine((bytes) => bytes > 0 && bytes <= most, `expected more than 0 and at most ${most} bytes`);
}

const factors = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** A duration such as `500ms`, `10s` or `2m`, as milliseconds. */
const milliseconds = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h)$/, 'expected a duration such as 500ms, 10s or 2m')
  .transform((text) => {
    const unit = /[a-z]+$/.exec(text)?.[0] as keyof typeof factors;
    return Math.round(Number.parseFloat(text) * factors[unit]);
  });

/** A duration of at most `most` milliseconds. */
export function upTo(most: number) {
  return milliseconds.refine(
    (ms) => ms > 0 && ms <= most,
    `expected more than 0 and at most ${most / 1000}s`,
  );
}

/** A duration that may lie behind, such as `-15m`, as milliseconds. */
export const signedMs = z
  .string()
  .regex(/^-?\d+(\.\d+)?(ms|s|m|h)$/, 'expected a duration such as -15m or 10s')
  .transform((text) => {
    const unit = /[a-z]+$/.exec(text)?.[0] as keyof typeof factors;
    return Math.round(Number.parseFloat(text) * factors[unit]);
  });

export const componentName = z.string().min(1);

/** Any JSON, in which strings may hold `{{ }}`. */
export const json: z.ZodType<Json> = z.json() as z.ZodType<Json>;

export const httpMethod = z.enum(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE']);

/** A path on the component: never another host. */
export const httpPath = z
  .string()
  .regex(/^\/(?!\/)/, 'expected a path that starts with one slash')
  .max(4_000);

/** A path below the component's root. */
export const relativePath = z
  .string()
  .min(1)
  .max(1_000)
  .refine(
    (path) => !path.startsWith('/') && !path.split('/').includes('..') && !path.includes('\\'),
    'expected a path below the component, without ".." and without a leading slash',
  );

/** Header names are HTTP tokens; what belongs to the connection is ours. */
export const httpHeaders = z.record(
  z
    .string()
    .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'expected a header name')
    .refine(
      (name) =>
        !/^(host|connection|content-length|transfer-encoding|upgrade|te|trailer|keep-alive|expect|proxy-.*)$/i.test(
          name,
        ),
      'this header belongs to the connection and cannot be set',
    ),
  z.string().max(8_000),
);

// The published types, shortened.
export const number: ValueType = { is: 'number' };
export const string: ValueType = { is: 'string' };
export const bool: ValueType = { is: 'bool' };
export const dyn: ValueType = { is: 'dyn' };
export const timestamp: ValueType = { is: 'timestamp' };
export const list = (of: ValueType): ValueType => ({ is: 'list', of });
export const map = (of: ValueType): ValueType => ({ is: 'map', of });
export const object = (fields: Readonly<Record<string, ValueType>>): ValueType => ({ is: 'object', fields });
