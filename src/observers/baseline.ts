/**
 * `baseline`: what differs between the lab now and as it was at its start: in its schema, its rows, its files. Says
 * what was added, removed and changed, so that a check against damage need not list what there is.
 */
import { z } from 'zod';
import type { LookContext, ObserverKind, Value, ValueType } from '../grading/types.ts';
import { compareFiles } from './baseline-files.ts';
import { compareRows } from './baseline-rows.ts';
import { compareSchemas } from './baseline-schema.ts';
import { orLate } from './baseline-start.ts';
import { databaseShape, namesDatabase, wholeDatabase } from './database-place.ts';
import { limits } from './limits.ts';
import { look } from './look.ts';
import { schemaSections } from './schema-query.ts';
import { placed } from './service-place.ts';
import { componentName, list, number, object, string, upTo } from './spec-parts.ts';

const column = z.string().min(1).max(200);
const table = z
  .union([
    column.transform((name) => ({ name })),
    z.strictObject({
      name: column,
      key: z
        .array(column)
        .min(1)
        .max(20)
        .optional()
        .describe('Columns that tell a row from the others; absent: its primary key at the start.'),
      columns: z
        .array(column)
        .min(1)
        .max(200)
        .optional()
        .describe('Columns that are compared; absent: all that there were at the start.'),
    }),
  ])
  .transform((asked): ComparedTable => asked);

const spec = z
  .strictObject({
    component: componentName,
    ...databaseShape,
    of: z.array(z.enum(['schema', 'rows', 'files'])).min(1),
    tables: z.array(table).min(1).max(50).optional().describe('Of `rows`: which tables.'),
    schemas: z.array(column).min(1).max(20).default(['public']),
    ignore: z
      .array(z.string().min(1).max(500))
      .max(100)
      .default([])
      .describe(
        'Names of tables, indexes … and paths of files that are not compared; `*` and `**` stand for anything.',
      ),
    timeout: upTo(limits.longestLookMs)
      .optional()
      .describe('Absent: 30s; of a database in a namespace 120s, as its start is made anew.'),
  })
  .refine(({ of, tables }) => of.includes('rows') === (tables !== undefined), 'rows and tables go together')
  .refine(
    ({ of }) => !of.includes('files') || of.length === 1,
    'files are those of a shell, which has neither schema nor rows',
  )
  .refine(namesDatabase, wholeDatabase)
  .refine(
    ({ of, service }) => !of.includes('files') || service === undefined,
    'files are those of a shell; a Service has none',
  );

/** A table of `rows`. */
export interface ComparedTable {
  readonly name: string;
  readonly key?: readonly string[] | undefined;
  readonly columns?: readonly string[] | undefined;
}

export type BaselineSpec = z.infer<typeof spec>;
/** With its time. */
export type Compared = BaselineSpec & { readonly timeout: number };

const names = list(string);
const difference = object({ added: names, removed: names, changed: names });
/** Counts are whole; of the keys the first hundred of each sort. */
const rowDifference = object({
  added: number,
  removed: number,
  changed: number,
  addedKeys: names,
  removedKeys: names,
  changedKeys: names,
});

export const baselineObserver: ObserverKind<BaselineSpec> = {
  kind: 'baseline',
  spec,
  resultType({ of, tables = [] }) {
    const fields: Record<string, ValueType> = {};
    if (of.includes('schema')) {
      fields.schema = object(Object.fromEntries(schemaSections.map((section) => [section, difference])));
    }
    if (of.includes('rows')) {
      fields.rows = object(Object.fromEntries(tables.map(({ name }) => [name, rowDifference])));
    }
    if (of.includes('files')) fields.files = difference;
    return object(fields);
  },
  components: (asked) => [placed(asked, asked.of.includes('files') ? ['shell'] : ['postgres'])],
  observe(spec, context, signal) {
    const { timeout = spec.service === undefined ? limits.execMs : limits.longestLookMs } = spec;
    const asked = { ...spec, timeout };
    return look(context, timeout, signal, (within) => compare(asked, context, within));
  },
};

async function compare(asked: Compared, context: LookContext, signal: AbortSignal): Promise<Value> {
  const reference = await orLate(context.records.reference('start', [asked.component], signal), signal);
  const start: LookContext = { ...context, sandbox: reference };
  const seen: Record<string, Value> = {};
  if (asked.of.includes('schema')) seen.schema = await compareSchemas(asked, [start, context], signal);
  if (asked.of.includes('rows')) seen.rows = await compareRows(asked, [start, context], signal);
  if (asked.of.includes('files')) seen.files = await compareFiles(asked, [start, context], signal);
  return seen;
}
