import { z } from 'zod';
import { commonVariables, portVariable, readVariables, type ValuesOf } from '../program/variables.ts';

const variables = {
  PORT: portVariable,
  ...commonVariables,
  PUBLIC_URL: {
    schema: z.url({ protocol: /^https?$/ }).optional(),
    allowed: 'the address that others find it at, such as http://partner:8080; none: where it listens',
  },
  STUB_FILE: { schema: z.string().min(1), allowed: 'a file' },
  MOOD: { schema: z.string().min(1).default('calm'), allowed: 'a mood of the file' },
  TRAINEE: {
    schema: z
      .string()
      .default('')
      .transform((text) => text.split(',').filter((word) => word !== ''))
      .pipe(z.array(z.enum(['mood', 'journal']))),
    allowed: 'mood, journal, both with a comma, or nothing',
  },
} as const;

export type Config = ValuesOf<typeof variables>;

/** Reads the environment. Throws ConfigError that lists every bad variable; values are not repeated. */
export function readConfig(environment: Record<string, string | undefined> = process.env): Config {
  return readVariables(variables, environment);
}
