/**
 * `journal`: what a partner (stub) or a load (traffic) has written down, out of the trainee's reach. With `compareWith`
 * the requests that were acknowledged are held against a table.
 */
import { z } from 'zod';
import type { LookContext, ObserverKind, Value, ValueType } from '../grading/types.ts';
import type { Json } from '../templates/types.ts';
import { askControl } from './control.ts';
import { databaseShape, namesDatabase, wholeDatabase } from './database-place.ts';
import { compare } from './journal-compare.ts';
import { faultOf, momentOf } from './journal-window.ts';
import { limits } from './limits.ts';
import { LookFailure, look } from './look.ts';
import { placed } from './service-place.ts';
import { componentName, dyn, list, map, number, object, string, timestamp, upTo } from './spec-parts.ts';

const identifier = z.string().regex(/^[A-Za-z_]\w*$/, 'expected a name of the database');

const spec = z.strictObject({
  component: componentName,
  path: z.string().startsWith('/').max(500).optional().describe('Only requests whose path begins so.'),
  since: z.string().min(1).max(200).optional().describe('`step`, the id of a fault, or a time.'),
  last: z
    .int()
    .min(0)
    .max(limits.sqlRows)
    .optional()
    .describe('The newest so many entries; everything else is of all of them.'),
  compareWith: z
    .strictObject({
      component: componentName,
      ...databaseShape,
      table: z.string().regex(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?$/, 'expected a table'),
      /** The column, and what the traffic's `save` or its JSON calls it. */
      key: identifier,
      columns: z
        .array(identifier)
        .max(20)
        .default([])
        .describe('Columns that must hold what was sent under the same name.'),
      until: z
        .string()
        .min(1)
        .max(200)
        .optional()
        .describe("Requests that were sent before: a fault's id or a time."),
    })
    .refine(namesDatabase, wholeDatabase)
    .optional(),
  timeout: upTo(limits.longestLookMs).default(limits.lookMs),
});

export type JournalSpec = z.infer<typeof spec>;
export type CompareSpec = NonNullable<JournalSpec['compareWith']>;

/** What an entry may lack is `dyn`: ask for it with `has`. */
const entryType = object({
  seq: number,
  at: timestamp,
  method: string,
  path: string,
  route: string,
  status: number,
  outcome: string,
  key: dyn,
  call: dyn,
  effect: dyn,
  durationMs: dyn,
  retryAfterMs: dyn,
  nextAfterMs: dyn,
  json: dyn,
  saved: dyn,
  actor: dyn,
});

const journalFields = {
  now: timestamp,
  entries: list(entryType),
  calls: list(object({ key: string, route: string, count: number, gapsMs: list(number) })),
  effects: list(object({ key: string, count: number })),
  counts: map(number),
} satisfies Record<string, ValueType>;

const comparedFields = {
  acknowledged: number,
  matched: number,
  missing: number,
  holes: number,
  unknown: number,
  different: number,
  newestMatchedAt: dyn,
} satisfies Record<string, ValueType>;

export const journalObserver: ObserverKind<JournalSpec> = {
  kind: 'journal',
  spec,
  resultType: ({ compareWith }) =>
    object(compareWith === undefined ? journalFields : { ...journalFields, ...comparedFields }),
  components: ({ component, compareWith }) => [
    { name: component, kinds: compareWith === undefined ? ['stub', 'traffic'] : ['traffic'] },
    ...(compareWith === undefined ? [] : [placed(compareWith, ['postgres'])]),
  ],
  faults: ({ since, compareWith }) => [...faultOf(since), ...faultOf(compareWith?.until)],
  observe: (asked, context, signal) =>
    look(context, asked.timeout, signal, (within) => seeJournal(asked, context, within)),
};

async function seeJournal(asked: JournalSpec, context: LookContext, signal: AbortSignal): Promise<Value> {
  const since = momentOf(asked.since, context);
  const query = new URLSearchParams({
    ...(since !== null && { since: since.toISOString() }),
    ...(asked.path !== undefined && { path: context.fill.text(asked.path) }),
    ...(asked.last !== undefined && { last: String(asked.last) }),
  });
  const request = { method: 'GET', path: `/journal?${query}` } as const;
  const { status, json } = await askControl(context.sandbox, asked.component, request, signal);
  if (status !== 200) throw new LookFailure('bug', 'The journal was asked wrongly.', JSON.stringify(json));
  const { full, now, entries, ...rest } = json as { [key: string]: Json } & {
    full: boolean;
    entries: Entry[];
  };
  if (full) {
    const reason = `${asked.component} was sent more requests than its journal holds.`;
    throw new LookFailure('oversized', reason, reason);
  }
  const compared =
    asked.compareWith === undefined
      ? {}
      : await compare(asked.component, asked.compareWith, { since, timeout: asked.timeout }, context, signal);
  const timed = entries.map((entry) => ({ ...entry, at: new Date(String(entry.at)) }));
  return { now: new Date(String(now)), entries: timed, ...rest, ...compared };
}

type Entry = { [key: string]: Json };
