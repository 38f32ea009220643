import { parseArgs } from 'node:util';
import { z } from 'zod';
import { variantNames } from './variants.ts';
import { API_VERSION } from './version.ts';

/** The environment or the arguments say something that cannot be; the message names what, and what would do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const whole = (from: number, to: number) => z.coerce.number().int().min(from).max(to);
const databaseUrl = z.string().regex(/^postgres(ql)?:\/\//);

const bootstrapUser = z.strictObject({
  id: z.uuid(),
  email: z.email(),
  tenantId: z.uuid(),
  permissions: z.array(z.string().min(1)),
  password: z.string().min(8),
});

const variables = {
  DATABASE_URL: { schema: databaseUrl, allowed: 'postgres://user:password@host:port/database', secret: true },
  HOST: { schema: z.string().min(1).default('127.0.0.1'), allowed: 'an address to listen on' },
  PORT: { schema: whole(0, 65_535).default(8000), allowed: 'a whole number from 0 (any free port) to 65535' },
  JWT_SECRET: { schema: z.string().min(32), allowed: 'at least 32 characters', secret: true },
  VARIANT: { schema: z.enum(variantNames).default('stock'), allowed: variantNames.join(', ') },
  SEED: { schema: z.enum(['auto', 'never']).default('auto'), allowed: 'auto, never' },
  SEED_NUMBER: { schema: whole(0, 2 ** 31 - 1).default(1), allowed: 'a whole number from 0 to 2147483647' },
  SEED_SCALE: { schema: z.enum(['S', 'M']).default('S'), allowed: 'S, M' },
  BOOTSTRAP_USER: {
    schema: z.string().transform(parseJson).pipe(bootstrapUser).optional(),
    allowed: 'JSON {"id":uuid,"email":…,"tenantId":uuid,"permissions":[…],"password":at least 8 characters}',
    secret: true,
  },
  LOG_LEVEL: {
    schema: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('warn'),
    allowed: 'fatal, error, warn, info, debug, trace, silent',
  },
  POOL_SIZE: { schema: whole(1, 100).default(4), allowed: 'a whole number from 1 to 100' },
  EXIT_WITH_PARENT: { schema: z.enum(['0', '1']).default('0'), allowed: '0, 1' },
  RELEASE: {
    schema: z
      .string()
      .regex(/^\d+\.\d+\.\d+$/)
      .default(API_VERSION),
    allowed: 'a version such as 2.0.0',
  },
  DATABASE: { schema: z.enum(['required', 'optional']).default('required'), allowed: 'required, optional' },
} as const satisfies Record<string, { schema: z.ZodType; allowed: string; secret?: true }>;

/** What is needed without a database. */
const bareVariables = ['HOST', 'PORT', 'LOG_LEVEL', 'EXIT_WITH_PARENT', 'RELEASE'] as const;

type Variables = { [Name in keyof typeof variables]: z.infer<(typeof variables)[Name]['schema']> };
export type Config = Variables;
export type BareConfig = Pick<Config, (typeof bareVariables)[number]>;
type Environment = Record<string, string | undefined>;
export type BootstrapUser = z.infer<typeof bootstrapUser>;

/** Reads the environment. Throws {@link ConfigError} that lists every bad variable; secrets are not repeated. */
export function readConfig(environment: Environment = process.env): Config {
  return read(Object.keys(variables) as (keyof Config)[], environment);
}

/**
 * Null: there is a database, or there must be one. Else what the platform runs with that has none, which is where
 * DATABASE is `optional` and no DATABASE_URL is given. Throws {@link ConfigError} likewise.
 */
export function readBareConfig(environment: Environment = process.env): BareConfig | null {
  const { DATABASE } = read(['DATABASE'], environment);
  return DATABASE === 'required' || environment.DATABASE_URL ? null : read(bareVariables, environment);
}

function read<Name extends keyof Config>(
  names: readonly Name[],
  environment: Environment,
): Pick<Config, Name> {
  const found = names.map((name) => {
    const variable: { schema: z.ZodType; allowed: string; secret?: true } = variables[name];
    const raw = environment[name] === '' ? undefined : environment[name];
    const parsed = variable.schema.safeParse(raw);
    if (parsed.success) return { name, value: parsed.data };
    const what =
      raw === undefined
        ? 'nothing'
        : variable.secret
          ? `${raw.length} characters (not shown)`
          : JSON.stringify(raw);
    return { name, problem: `${name}: found ${what}; allowed: ${variable.allowed}` };
  });
  const problems = found.flatMap(({ problem }) => problem ?? []);
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  return Object.fromEntries(found.map(({ name, value }) => [name, value])) as Pick<Config, Name>;
}

/** What the seed command is asked for: DATABASE_URL, `--scale`, `--seed`. */
export function readSeedConfig(
  args: string[] = process.argv.slice(2),
  environment: Record<string, string | undefined> = process.env,
): { databaseUrl: string; scale: 'S' | 'M'; seed: number } {
  const options = parseOptions(args);
  const scale = variables.SEED_SCALE.schema.safeParse(options.scale);
  const seed = variables.SEED_NUMBER.schema.safeParse(options.seed);
  const url = databaseUrl.safeParse(environment.DATABASE_URL);
  if (!scale.success) throw new ConfigError(`--scale: found ${JSON.stringify(options.scale)}; allowed: S, M`);
  if (!seed.success)
    throw new ConfigError(
      `--seed: found ${JSON.stringify(options.seed)}; allowed: ${variables.SEED_NUMBER.allowed}`,
    );
  if (!url.success) throw new ConfigError(`DATABASE_URL: allowed: ${variables.DATABASE_URL.allowed}`);
  return { databaseUrl: url.data, scale: scale.data, seed: seed.data };
}

function parseOptions(args: string[]) {
  try {
    return parseArgs({ args, options: { scale: { type: 'string' }, seed: { type: 'string' } } }).values;
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
