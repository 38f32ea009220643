/** `components:` what there is in a lab. */
import { z } from 'zod';
import { exactlyOne, folderPath, identifier, later } from './schema-parts.ts';
import type { ComponentSpec } from './types.ts';

const common = {
  uses: z
    .union([identifier.transform((name) => [name]), z.array(identifier)])
    .default([])
    .describe('Components that must run before this one.'),
  custody: z.enum(['platform', 'trainee']).default('platform'),
};

const roles = z.enum(['read-only', 'read-write', 'schema-owner']);

const postgres = z.strictObject({
  ...common,
  version: z.literal(17).default(17),
  seed: z
    .union([
      z.array(folderPath).min(1),
      z.strictObject({
        generator: z.literal('sample-api'),
        scale: z.enum(['S', 'M']).default('S'),
        number: z.int().min(0).max(0x7fffffff).default(1),
      }),
    ])
    .optional()
    .describe('SQL files of the folder, in order, or generated data.'),
  trainee: z
    .union([
      roles.transform((role) => ({ role })),
      z.strictObject({ role: roles, ...later('grant', 'statementStats') }),
    ])
    .default({ role: 'read-write' }),
  ...later('overlay', 'extensions', 'replicaOf', 'archive', 'limits', 'ready'),
});

const sampleApi = (variants: readonly string[]) =>
  z.strictObject({
    custody: common.custody,
    uses: identifier.describe('The postgres component that it works on.'),
    variant: z.enum(variants as [string, ...string[]]).default('stock'),
    ...later('source', 'limits', 'ready', 'env'),
  });

const shell = z.strictObject({
  ...common,
  files: folderPath
    .transform((path) => (path.endsWith('/') ? path : `${path}/`))
    .optional()
    .describe('Folder of the template that is copied into the workspace.'),
  tools: z.array(z.string().regex(/^[a-zA-Z0-9._+-]+$/, 'expected the name of a program')).default([]),
  ...later('kubeconfig', 'limits', 'ready'),
});

const kinds = ['postgres', 'sample-api', 'shell'];

/** @param variants of the sample API; the first is the default's place in messages, `stock` is always among them. */
export function components(variants: readonly string[]) {
  const component = z
    .strictObject({
      postgres: postgres.optional(),
      'sample-api': sampleApi(variants).optional(),
      shell: shell.optional(),
      ...later('redis', 'service', 'stub', 'traffic', 'namespace'),
    })
    .meta({ minProperties: 1, maxProperties: 1 })
    .superRefine(exactlyOne(kinds, 'kind'))
    .transform((one): ComponentSpec => {
      const api = one['sample-api'];
      if (api !== undefined) {
        return {
          kind: 'sample-api',
          uses: [api.uses],
          custody: api.custody,
          database: api.uses,
          variant: api.variant,
          source: null,
          env: {},
        };
      }
      if (one.postgres !== undefined) {
        const { uses, custody, seed = [], trainee } = one.postgres;
        return {
          kind: 'postgres',
          uses,
          custody,
          seed: Array.isArray(seed) ? { files: seed } : seed,
          traineeRole: trainee.role,
          grants: [],
          statementStats: null,
          overlay: [],
          extensions: [],
          replicaOf: null,
          archive: false,
        };
      }
      const { uses = [], custody = 'platform', files = null, tools = [] } = one.shell ?? {};
      return { kind: 'shell', uses, custody, files, tools };
    });
  return z
    .record(identifier, component)
    .refine((all) => Object.keys(all).length > 0, 'expected at least one component');
}
