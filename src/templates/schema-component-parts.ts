/** What components have in common: limits, when they are ready, programs that run from the trainee's files. */
import { z } from 'zod';
import { folderPath, identifier, later, line } from './schema-parts.ts';
import type { ComponentLimits, ReadySpec, SourceSpec } from './types.ts';

const sizes = { Ki: 1 / 1024, Mi: 1, Gi: 1024 } as const;

/** `512Mi`, as MiB. */
export const size = z
  .string()
  .max(20)
  .regex(/^\d+(\.\d+)?(Ki|Mi|Gi)$/, 'expected a size such as "512Mi" or "2Gi"')
  .transform((text) => Number.parseFloat(text) * sizes[text.slice(-2) as keyof typeof sizes])
  .refine((mib) => mib >= 1 && mib <= 65_536, 'expected a size from 1Mi to 64Gi');

/** `0.5` or `500m`, as cores. */
const cores = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d+m$/, 'expected cores such as 0.5 or "500m"')
      .transform((text) => Number.parseInt(text, 10) / 1000),
  ])
  .refine((count) => count >= 0.01 && count <= 64, 'expected cores from 0.01 to 64');

const limits = z
  .strictObject({
    memory: size.optional(),
    cpu: cores.optional(),
    disk: size.optional(),
    pids: z.int().min(10).max(10_000).optional(),
  })
  .transform(
    ({ memory, cpu, disk, pids }): ComponentLimits => ({
      ...(memory === undefined ? {} : { memoryMb: memory }),
      ...(cpu === undefined ? {} : { cpu }),
      ...(disk === undefined ? {} : { diskMb: disk }),
      ...(pids === undefined ? {} : { pids }),
    }),
  );

const oneOrMore = z.union([identifier.transform((name) => [name]), z.array(identifier)]);

/** Of every kind. */
export const common = {
  uses: oneOrMore.default([]).describe('Components that must run before this one.'),
  custody: z.enum(['platform', 'trainee']).optional().describe('Whose it is to break and mend.'),
  limits: limits.optional(),
};

interface Common {
  readonly uses: readonly string[];
  readonly custody?: 'platform' | 'trainee' | undefined;
  readonly limits?: ComponentLimits | undefined;
}

/** @param implied components that this one uses without its author saying so. */
export function commonOf({ uses, custody = 'platform', limits: own }: Common, ...implied: readonly string[]) {
  return {
    uses: [...new Set([...uses, ...implied])],
    custody,
    ...(own === undefined ? {} : { limits: own }),
  };
}

export const ready = z.union([
  z.literal('tcp').transform((): ReadySpec => ({ by: 'tcp' })),
  z
    .strictObject({
      http: z
        .string()
        .regex(/^\/(?!\/)/, 'expected a path that starts with one slash')
        .optional(),
      log: line.optional(),
    })
    .refine(
      ({ http, log }) => (http === undefined) !== (log === undefined),
      'expected either "http" or "log", or the word tcp',
    )
    .transform(
      ({ http, log }): ReadySpec =>
        http === undefined ? { by: 'log', line: log ?? '' } : { by: 'http', path: http },
    ),
]);

/** Whole words; a single word may stand alone. */
export const command = z.union([
  line.transform((word) => [word]),
  z.array(z.string().min(1).max(1_000)).min(1).max(50),
]);

export const port = z.int().min(1).max(65_535);

const sourceKeys = {
  from: z
    .string()
    .max(500)
    .regex(
      /^[a-zA-Z][a-zA-Z0-9_]*(\/(?!\.{1,2}(\/|$))[^/\\]+)+\/?$/,
      'expected a shell component and a folder in it, such as "workspace/api"',
    )
    .describe('Shell component and folder whose files it runs from.'),
  reload: z.enum(['on-save', 'never']).default('on-save'),
  editable: z.array(folderPath).default([]).describe('Globs below the folder that are meant to be edited.'),
};

/** The sample API knows by itself how it starts and when it is ready. */
export const apiSource = z.strictObject({ ...sourceKeys, ...later('command', 'ready', 'port') });

export const serviceSource = z.strictObject({
  ...sourceKeys,
  command: command.optional(),
  port: port.optional(),
  ready: ready.optional(),
});

export function sourceOf({
  from,
  reload,
  editable,
}: Pick<z.output<typeof apiSource>, 'from' | 'reload' | 'editable'>): SourceSpec {
  const slash = from.indexOf('/');
  return { shell: from.slice(0, slash), path: from.slice(slash + 1).replace(/\/$/, ''), reload, editable };
}

/** Variables of a program; HOST and PORT are given by whoever starts it. */
export const env = z.record(
  z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable')
    .refine((name) => name !== 'HOST' && name !== 'PORT', 'HOST and PORT are given to every program'),
  z.union([z.string().max(10_000), z.number().transform(String), z.boolean().transform(String)]),
);

/** A folder of the template, with a trailing slash. */
export const folder = folderPath.transform((path) => (path.endsWith('/') ? path : `${path}/`));
