import { z } from 'zod';

/** The environment says something that cannot be; the message names what, and what would do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const port = z.coerce.number().int().min(0).max(65_535);

const variables = {
  HOST: { schema: z.string().min(1).default('127.0.0.1'), allowed: 'an address to listen on' },
  CONTROL_PORT: { schema: port, allowed: 'a whole number from 0 (any free port) to 65535' },
  CONTROL_TOKEN: { schema: z.string().min(16), allowed: 'at least 16 characters' },
  JOURNAL_FILE: { schema: z.string().min(1), allowed: 'a file that may be written' },
  TRAFFIC_FILE: { schema: z.string().min(1), allowed: 'a file' },
  TARGET_URL: {
    schema: z.url({ protocol: /^https?$/ }),
    allowed: 'an address such as http://127.0.0.1:8000',
  },
  RATE: { schema: z.coerce.number().gt(0).max(50), allowed: 'requests a second, more than 0 and at most 50' },
  SEED: { schema: z.string().min(1), allowed: 'any text' },
  EXIT_WITH_PARENT: { schema: z.enum(['0', '1']).default('0'), allowed: '0, 1' },
} as const satisfies Record<string, { schema: z.ZodType; allowed: string }>;

export type Config = { [Name in keyof typeof variables]: z.infer<(typeof variables)[Name]['schema']> };

/** Reads the environment. Throws {@link ConfigError} that lists every bad variable; values are not repeated. */
export function readConfig(environment: Record<string, string | undefined> = process.env): Config {
  const found = Object.entries(variables).map(([name, { schema, allowed }]) => {
    const raw = environment[name] === '' ? undefined : environment[name];
    const parsed = schema.safeParse(raw);
    if (parsed.success) return { name, value: parsed.data };
    return {
      name,
      problem: `${name}: ${raw === undefined ? 'is missing' : 'cannot be used'}; allowed: ${allowed}`,
    };
  });
  const problems = found.flatMap(({ problem }) => problem ?? []);
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  return Object.fromEntries(found.map(({ name, value }) => [name, value])) as Config;
}
