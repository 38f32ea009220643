/** Looks and steps: objects whose one key names an observer or an action, with its own spec below it. */
import { z } from 'zod';
import type { ActionKind, ObserverKind } from '../grading/types.ts';
import { exactlyOne, identifier, kebab, later, line } from './schema-parts.ts';
import type { Json, LookSpec } from './types.ts';

export type Observers = ReadonlyMap<string, ObserverKind>;
export type Actions = ReadonlyMap<string, ActionKind>;

const observerWords = [
  ...[
    'sql',
    'schema',
    'http',
    'exec',
    'file',
    'kubernetes',
    'log',
    'metric',
    'tcp',
    'dns',
    'answer',
    'rubric',
  ],
  ...['journal', 'watch', 'baseline', 'mutants'],
];
const actionWords = [
  ...['sql', 'http', 'exec', 'file', 'kubernetes', 'answer', 'press', 'mark', 'stub', 'kill', 'wait'],
  'statementStats',
];

/** `{ sql: {…} }` → kind and spec; the spec is as its observer parsed it, defaults filled in, durations in ms. */
export function look(observers: Observers) {
  const kinds = [...observers.keys()];
  const missing = observerWords.filter((word) => !observers.has(word));
  const shape: Record<string, z.ZodType> = { ...later(...missing) };
  for (const [kind, { spec }] of observers) shape[kind] = spec.optional();
  return z
    .strictObject(shape)
    .meta({ minProperties: 1, maxProperties: 1 })
    .superRefine(exactlyOne(kinds, 'look'))
    .transform((one): LookSpec => {
      const [kind, spec] = Object.entries(one).find(([, value]) => value !== undefined) ?? ['', {}];
      return { kind, spec: spec as LookSpec['spec'] };
    });
}

export const looks = (observers: Observers) => z.record(identifier, look(observers));

/** A step as an author writes it; in edits its id may be left out. */
export interface AuthoredStep {
  readonly id: string | null;
  readonly kind: string;
  readonly spec: Readonly<Record<string, Json>>;
  readonly save: Readonly<Record<string, string>>;
  readonly allowIdle: string | null;
}

const saves = z
  .record(
    identifier,
    z
      .string()
      .regex(
        /^[a-zA-Z_]\w*(\.\w+|\[\d+\])*$/,
        'expected a path into the result such as "json.id" or "rows[0].id"',
      ),
  )
  .describe('Name in `saved` → path into the result.');

export function step(actions: Actions) {
  const kinds = [...actions.keys()];
  const missing = actionWords.filter((word) => !actions.has(word));
  const shape: Record<string, z.ZodType> = { ...later(...missing) };
  for (const [kind, { spec }] of actions) {
    // `save` is ours, not the action's: every step may keep something of its result.
    shape[kind] = (
      spec instanceof z.ZodObject ? spec.safeExtend({ save: saves.optional() }) : spec
    ).optional();
  }
  return z
    .strictObject({
      ...shape,
      id: kebab.optional(),
      allowIdle: line.optional().describe('Why nothing may fall when this step is left out.'),
    })
    .superRefine(exactlyOne(kinds, 'action'))
    .transform(({ id, allowIdle, ...one }): AuthoredStep => {
      const [kind, written] = Object.entries(one).find(([, value]) => value !== undefined) ?? ['', {}];
      const { save = {}, ...spec } = written as Record<string, Json>;
      return {
        id: (id as string | undefined) ?? null,
        kind,
        spec,
        save: save as Record<string, string>,
        allowIdle: (allowIdle as string | undefined) ?? null,
      };
    });
}
