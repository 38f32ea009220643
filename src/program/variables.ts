/** The environment of a program that runs for a lab, alone. */
import { z } from 'zod';

/** The environment says something that cannot be; the message names what, and what would do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export type Variables = Readonly<Record<string, { readonly schema: z.ZodType; readonly allowed: string }>>;

export type ValuesOf<All extends Variables> = { [Name in keyof All]: z.infer<All[Name]['schema']> };

const port = z.coerce.number().int().min(0).max(65_535);
export const portVariable = { schema: port, allowed: 'a whole number from 0 (any free port) to 65535' };

/** Of every such program. */
export const commonVariables = {
  HOST: { schema: z.string().min(1).default('127.0.0.1'), allowed: 'an address to listen on' },
  CONTROL_PORT: portVariable,
  CONTROL_TOKEN: { schema: z.string().min(16), allowed: 'at least 16 characters' },
  JOURNAL_FILE: { schema: z.string().min(1), allowed: 'a file that may be written' },
  EXIT_WITH_PARENT: { schema: z.enum(['0', '1']).default('0'), allowed: '0, 1' },
} as const satisfies Variables;

/** Reads the environment. Throws {@link ConfigError} that lists every bad variable; values are not repeated. */
export function readVariables<All extends Variables>(
  variables: All,
  environment: Readonly<Record<string, string | undefined>>,
): ValuesOf<All> {
  const found = Object.entries(variables).map(([name, { schema, allowed }]) => {
    const raw = environment[name] === '' ? undefined : environment[name];
    const parsed = schema.safeParse(raw);
    if (parsed.success) return { name, value: parsed.data };
    const what = raw === undefined ? 'is missing' : 'cannot be used';
    return { name, problem: `${name}: ${what}; allowed: ${allowed}` };
  });
  const problems = found.flatMap(({ problem }) => problem ?? []);
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  return Object.fromEntries(found.map(({ name, value }) => [name, value])) as ValuesOf<All>;
}
