/**
 * `schema`: what is defined in a database: tables, columns, indexes, constraints, views, functions, triggers, policies
 * and extensions, as lists that a check asks `exists` of.
 */
import { z } from 'zod';
import type { ObserverKind, ValueType } from '../grading/types.ts';
import { databaseShape, namesDatabase, wholeDatabase } from './database-place.ts';
import { limits } from './limits.ts';
import { look } from './look.ts';
import { seeSchema } from './schema-look.ts';
import { placed } from './service-place.ts';
import { bool, componentName, dyn, list, number, object, string, upTo } from './spec-parts.ts';

const names = z.array(z.string().min(1).max(200)).min(1).max(100);

const spec = z
  .strictObject({
    component: componentName,
    ...databaseShape,
    schemas: names.default(['public']),
    tables: names
      .optional()
      .describe(
        'Only these tables and what belongs to them; views, functions and extensions are not narrowed.',
      ),
    timeout: upTo(limits.longestLookMs).default(limits.lookMs),
  })
  .refine(namesDatabase, wholeDatabase);

export type SchemaSpec = z.infer<typeof spec>;

const onTable = { schema: string, table: string, name: string };
const words = list(string);

/** Nullable fields are `dyn`. `columns` of an index are names or, where it is over one, the expression. */
const schemaType: ValueType = object({
  tables: list(
    object({ schema: string, name: string, kind: string, rows: number, rls: bool, forceRls: bool }),
  ),
  columns: list(
    object({ ...onTable, type: string, nullable: bool, default: dyn, generated: bool, identity: bool }),
  ),
  indexes: list(
    object({
      ...onTable,
      columns: words,
      included: words,
      unique: bool,
      primary: bool,
      valid: bool,
      predicate: dyn,
      method: string,
      size: number,
      definition: string,
    }),
  ),
  constraints: list(
    object({
      ...onTable,
      kind: string,
      columns: words,
      validated: bool,
      references: dyn,
      definition: string,
    }),
  ),
  views: list(object({ schema: string, name: string, materialized: bool, definition: string })),
  functions: list(
    object({
      schema: string,
      name: string,
      kind: string,
      arguments: string,
      returns: dyn,
      language: string,
      volatility: string,
      securityDefiner: bool,
      source: string,
    }),
  ),
  triggers: list(object({ ...onTable, enabled: bool, function: string, definition: string })),
  policies: list(
    object({ ...onTable, command: string, permissive: bool, roles: words, using: dyn, check: dyn }),
  ),
  extensions: list(object({ name: string, version: string, schema: string })),
});

export const schemaObserver: ObserverKind<SchemaSpec> = {
  kind: 'schema',
  spec,
  atReference: true,
  resultType: () => schemaType,
  components: (asked) => [placed(asked, ['postgres'])],
  observe: (asked, context, signal) =>
    look(context, asked.timeout, signal, (within) => seeSchema(asked, context, within)),
};
