/** Looks and steps: objects whose one key names an observer or an action, with its own spec below it. */
import { z } from 'zod';
import type { ActionKind, ObserverKind } from '../grading/types.ts';
import { exactlyOne, identifier, kebab, later, line } from './schema-parts.ts';
import { isObject } from './tree.ts';
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
function look(observers: Observers) {
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
    // `save` is the step's, not the action's; it is written inside the action or beside it.
    shape[kind] = (
      spec instanceof z.ZodObject ? spec.safeExtend({ save: saves.optional() }) : spec
    ).optional();
  }
  return z
    .strictObject({
      ...shape,
      id: kebab.optional(),
      save: saves.optional(),
      allowIdle: line.optional().describe('Why nothing may fall when this step is left out.'),
    })
    .superRefine(exactlyOne(kinds, 'action'))
    .superRefine((one: Readonly<Record<string, unknown>>, context) => {
      const inside = Object.values(one).some((spec) => isObject(spec) && spec.save !== undefined);
      if (!inside || one.save === undefined) return;
      context.addIssue({ code: 'custom', path: ['save'], message: '"save" is written twice in this step' });
    })
    .transform(({ id, allowIdle, save: beside, ...one }): AuthoredStep => {
      const [kind, parsed] = Object.entries(one).find(([, value]) => value !== undefined) ?? ['', {}];
      const { save: inside, ...spec } = parsed as Record<string, Json>;
      return {
        id: (id as string | undefined) ?? null,
        kind,
        spec,
        save: (inside ?? beside ?? {}) as Record<string, string>,
        allowIdle: (allowIdle as string | undefined) ?? null,
      };
    });
}
