import { z } from 'zod';
import { commonVariables, readVariables, type ValuesOf } from '../program/variables.ts';

const variables = {
  ...commonVariables,
  TRAFFIC_FILE: { schema: z.string().min(1), allowed: 'a file' },
  TARGET_URL: {
    schema: z.url({ protocol: /^https?$/ }),
    allowed: 'an address such as http://127.0.0.1:8000',
  },
  RATE: { schema: z.coerce.number().gt(0).max(50), allowed: 'requests a second, more than 0 and at most 50' },
  SEED: { schema: z.string().min(1), allowed: 'any text' },
} as const;

export type Config = ValuesOf<typeof variables>;

/** Reads the environment. Throws ConfigError that lists every bad variable; values are not repeated. */
export function readConfig(environment: Record<string, string | undefined> = process.env): Config {
  return readVariables(variables, environment);
}
