/** What stays of a lab that ends. */
import { z } from 'zod';
import { kebab } from './schema-parts.ts';

const glob = z
  .string()
  .min(1)
  .max(200)
  .refine(
    (path) => !path.startsWith('/') && !path.split('/').includes('..'),
    'expected a path or a glob below the workspace, such as "app/**"',
  );

export const keep = z.union(
  [
    z.literal('answers').describe('The answers to the questions, as JSON.'),
    z.literal('attempts').describe('The attempts with what the trainee was told of them, as JSON.'),
    z
      .strictObject({ database: z.strictObject({ component: kebab }) })
      .describe('All tables of a database, a CSV file each.'),
    z
      .strictObject({ files: z.strictObject({ component: kebab, glob: glob.default('**') }) })
      .describe('Files of a workspace.'),
  ],
  { error: 'expected answers, attempts, { database: { component } } or { files: { component, glob } }' },
);
