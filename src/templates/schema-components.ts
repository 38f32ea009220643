/** `components:` what there is in a lab. */
import { z } from 'zod';
import { common, commonOf, folder } from './schema-component-parts.ts';
import { kubeconfig, namespace, namespaceOf } from './schema-namespace.ts';
import { exactlyOne, folderPath, identifier, later } from './schema-parts.ts';
import {
  sampleApi,
  sampleApiOf,
  service,
  serviceOf,
  stub,
  stubOf,
  traffic,
  trafficOf,
} from './schema-programs.ts';
import type { ComponentSpec, PostgresComponent, ShellComponent } from './types.ts';

const roles = z
  .enum(['read-only', 'read-write', 'schema-owner', 'superuser-own-server'])
  .describe(
    "superuser-own-server: the lab has a PostgreSQL server of its own, and what is seen on it is the trainee's word.",
  );

const trainee = z.union([
  roles.transform((role) => ({ role, grant: [], statementStats: undefined })),
  z.strictObject({
    role: roles,
    grant: z
      .array(z.literal('maintain'))
      .default([])
      .describe('VACUUM, ANALYZE, REINDEX, CLUSTER of all tables.'),
    statementStats: z.literal('own-database-view').optional(),
  }),
]);

const files = z.union([folderPath.transform((one) => [one]), z.array(folderPath)]);

const postgres = z
  .strictObject({
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
    overlay: files
      .default([])
      .describe('SQL files for each lab, with its parameters as :name, :\'name\', :"name".'),
    extensions: z
      .array(z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, 'expected the name of an extension'))
      .default([]),
    trainee: trainee.default({ role: 'read-write', grant: [], statementStats: undefined }),
    replicaOf: identifier.optional().describe('The postgres that it is a streaming replica of.'),
    archive: z
      .boolean()
      .default(false)
      .describe("WAL is archived to the folder `archive` beside the lab's own server's data folder."),
    ...later('ready'),
  })
  .superRefine(({ seed, overlay, replicaOf }, context) => {
    if (replicaOf === undefined || (seed === undefined && overlay.length === 0)) return;
    const message =
      'a replica has the data of its primary: expected either "replicaOf", or "seed" and "overlay"';
    context.addIssue({ code: 'custom', path: ['replicaOf'], message });
  });

function postgresOf(one: z.output<typeof postgres>): PostgresComponent {
  const { seed = [], replicaOf } = one;
  return {
    kind: 'postgres',
    ...commonOf(one, ...(replicaOf === undefined ? [] : [replicaOf])),
    seed: Array.isArray(seed) ? { files: seed } : seed,
    traineeRole: one.trainee.role,
    grants: one.trainee.grant,
    statementStats: one.trainee.statementStats ?? null,
    overlay: one.overlay,
    extensions: one.extensions,
    replicaOf: replicaOf ?? null,
    archive: one.archive,
  };
}

const redis = z.strictObject({ ...common, ...later('ready') });

const shell = z.strictObject({
  ...common,
  files: folder.optional().describe('Folder of the template that is copied into the workspace.'),
  tools: z.array(z.string().regex(/^[a-zA-Z0-9._+-]+$/, 'expected the name of a program')).default([]),
  kubeconfig,
  ...later('ready'),
});

function shellOf(one: z.output<typeof shell>): ShellComponent {
  const { files: folderOf = null, tools, kubeconfig: leadsTo } = one;
  return {
    kind: 'shell',
    ...commonOf(one, ...(leadsTo ?? [])),
    files: folderOf,
    tools,
    ...(leadsTo === undefined ? {} : { kubeconfig: leadsTo }),
  };
}

const kinds = ['postgres', 'sample-api', 'service', 'redis', 'stub', 'traffic', 'shell', 'namespace'];

/** @param variants of the sample API; the first is the default's place in messages, `stock` is always among them. */
export function components(variants: readonly string[]) {
  const component = z
    .strictObject({
      postgres: postgres.optional(),
      'sample-api': sampleApi(variants).optional(),
      service: service.optional(),
      redis: redis.optional(),
      stub: stub.optional(),
      traffic: traffic.optional(),
      shell: shell.optional(),
      namespace: namespace.optional(),
    })
    .meta({ minProperties: 1, maxProperties: 1 })
    .superRefine(exactlyOne(kinds, 'kind'))
    .transform((one): ComponentSpec => {
      if (one['sample-api'] !== undefined) return sampleApiOf(one['sample-api']);
      if (one.postgres !== undefined) return postgresOf(one.postgres);
      if (one.service !== undefined) return serviceOf(one.service);
      if (one.stub !== undefined) return stubOf(one.stub);
      if (one.traffic !== undefined) return trafficOf(one.traffic);
      if (one.redis !== undefined) return { kind: 'redis', ...commonOf(one.redis) };
      if (one.namespace !== undefined) return namespaceOf(one.namespace);
      return shellOf(one.shell ?? { uses: [], tools: [] });
    });
  return z
    .record(identifier, component)
    .refine((all) => Object.keys(all).length > 0, 'expected at least one component');
}
