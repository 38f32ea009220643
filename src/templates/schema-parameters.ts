/** `parameters:` what is drawn for each trainee. */
import { z } from 'zod';
import { identifier, json } from './schema-parts.ts';
import type { ParameterSpec } from './types.ts';

const draws = z
  .strictObject({
    choice: z.array(json).min(1).optional(),
    int: z.strictObject({ from: z.int(), to: z.int() }).optional(),
    decimal: z.strictObject({ from: z.number(), to: z.number(), step: z.number() }).optional(),
    pattern: z.string().min(1).max(500).optional(),
    secret: z.int().min(8).max(128).optional(),
    row: z.strictObject({ component: identifier, query: z.string().min(1) }).optional(),
    /** Goes with `row`: only this column of the drawn row. */
    column: z.string().min(1).optional(),
  })
  .superRefine((draw, context) => {
    const { column, ...kinds } = draw;
    const present = Object.keys(kinds).filter((kind) => kinds[kind as keyof typeof kinds] !== undefined);
    if (present.length !== 1) {
      const found = present.length === 0 ? 'none' : present.join(' and ');
      const message = `expected exactly one of choice, int, decimal, pattern, secret, row; found ${found}`;
      context.addIssue({ code: 'custom', message });
    } else if (column !== undefined && draw.row === undefined) {
      context.addIssue({ code: 'custom', path: ['column'], message: '"column" goes with "row"' });
    }
  });

const parameter = z
  .strictObject({
    draw: z.union([z.literal('email'), draws]).optional(),
    fixed: json.optional(),
    /** Never shown outside the lab's own pages; a `secret` is redacted in any case. */
    redact: z.boolean().optional(),
  })
  .superRefine(({ draw, fixed }, context) => {
    if ((draw === undefined) === (fixed === undefined)) {
      context.addIssue({ code: 'custom', message: 'expected either "draw" or "fixed"' });
    }
  })
  .transform(({ draw, fixed, redact = false }): ParameterSpec => {
    if (draw === undefined) return { draw: 'fixed', value: fixed ?? null, redact };
    return drawOf(draw, redact);
  });

function drawOf(draw: 'email' | z.output<typeof draws>, redact: boolean): ParameterSpec {
  if (draw === 'email') return { draw, redact };
  if (draw.choice !== undefined) return { draw: 'choice', of: draw.choice, redact };
  if (draw.int !== undefined) return { draw: 'int', ...draw.int, redact };
  if (draw.decimal !== undefined) return { draw: 'decimal', ...draw.decimal, redact };
  if (draw.pattern !== undefined) return { draw: 'pattern', pattern: draw.pattern, redact };
  if (draw.row !== undefined) return { draw: 'row', ...draw.row, column: draw.column ?? null, redact };
  return { draw: 'secret', length: draw.secret ?? 24, redact: true };
}

/** Values of an attempt's own: the same draws, by their names. */
export const attemptDraws = z
  .record(
    identifier,
    z.union([z.literal('email'), draws]).transform((draw) => drawOf(draw, false)),
  )
  .default({});

export const parameters = z.record(identifier, parameter).default({});
