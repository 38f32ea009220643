import { z } from 'zod';

/** Building blocks of the schemas of all modules. */
export const id = z.uuid();
export const timestamp = z.string().meta({ format: 'date-time' });
export const date = z.string().meta({ format: 'date' });
export const amount = z.number().min(0).max(99_999_999.99).multipleOf(0.01);
/** PostgreSQL cannot store U+0000. */
export const text = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine((value) => !value.includes('\0'), 'contains a character that cannot be stored');
export const instant = z.iso.datetime({ offset: true }).or(z.iso.date()).meta({ format: 'date-time' });

export const idParams = z.object({ id });

export const pageQuery = z.object({
  limit: z.coerce
    .number('must be a whole number from 1 to 200')
    .int()
    .min(1)
    .max(200)
    .default(50)
    .describe('Rows a page, 1 to 200'),
  cursor: z.string().max(200).optional().describe('next_cursor of the page before'),
});

export const createdBetween = {
  created_from: instant.optional().describe('Created at or after'),
  created_to: instant.optional().describe('Created before'),
};

export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next_cursor: z.string().nullable() });

export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  instance: z.string().optional(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});
