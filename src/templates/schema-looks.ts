/** Looks and steps: objects whose one key names an observer or an action, with its own spec below it. */
import { z } from 'zod';
import type { ActionKind, ObserverKind } from '../grading/types.ts';
import { exactlyOne, identifier, kebab, later, line } from './schema-parts.ts';
import { isObject } from './tree.ts';
import type { Json, LookSpec } from './types.ts';

export type Observers = ReadonlyMap<string, ObserverKind>;
export type Actions = ReadonlyMap<string, ActionKind>;

const observerWords = [
  ...['sql', 'schema', 'http', 'exec', 'file', 'kubernetes', 'log', 'metric', 'tcp', 'dns', 'answer'],
  ...['journal', 'watch', 'baseline', 'mutants'],
];
const actionWords = [
  ...['sql', 'http', 'exec', 'file', 'kubernetes', 'answer', 'press', 'mark', 'stub', 'kill', 'wait'],
  'statementStats',
];

/** Kinds whose specs are no plain objects take neither `at` nor `save` inside. */
const extended = (spec: z.ZodType, keys: z.ZodRawShape): z.ZodType =>
  spec instanceof z.ZodObject ? spec.safeExtend(keys) : spec;

const reference = z
  .string()
  .max(100)
  .regex(/^(start|checkpoint:[a-z][a-z0-9-]*)$/, 'expected "start" or "checkpoint:" and the id of a task')
  .describe('Looks at the lab as it was then.');

/** `{ sql: {…} }` → kind and spec; the spec is as its observer parsed it, defaults filled in, durations in ms. */
export function look(observers: Observers) {
  const kinds = [...observers.keys()];
  const missing = observerWords.filter((word) => !observers.has(word));
  const shape: Record<string, z.ZodType> = { ...later(...missing) };
  for (const [kind, { spec, atReference }] of observers) {
    shape[kind] = (atReference ? extended(spec, { at: reference.optional() }) : spec).optional();
  }
  return z
    .strictObject(shape)
    .meta({ minProperties: 1, maxProperties: 1 })
    .superRefine(exactlyOne(kinds, 'look'))
    .transform((one): LookSpec => {
      const [kind, parsed] = Object.entries(one).find(([, value]) => value !== undefined) ?? ['', {}];
      const { at, ...spec } = parsed as Record<string, Json>;
      if (observers.get(kind)?.atReference !== true) return { kind, spec: parsed as LookSpec['spec'] };
      return { kind, spec, ...(typeof at === 'string' ? { at } : {}) };
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

/** The actions, with `save` inside each, and what stands beside them. */
function stepShape(actions: Actions) {
  const missing = actionWords.filter((word) => !actions.has(word));
  const shape: Record<string, z.ZodType> = { ...later(...missing) };
  for (const [kind, { spec }] of actions) {
    // `save` is the step's, not the action's; it is written inside the action or beside it.
    shape[kind] = extended(spec, { save: saves.optional() }).optional();
  }
  return {
    ...shape,
    id: kebab.optional(),
    save: saves.optional(),
    allowIdle: line.optional().describe('Why nothing may fall when this step is left out.'),
  };
}

function saveOnce(one: Readonly<Record<string, unknown>>, context: z.core.$RefinementCtx): void {
  const { observe: _, ...rest } = one;
  const inside = Object.values(rest).some((spec) => isObject(spec) && spec.save !== undefined);
  if (!inside || one.save === undefined) return;
  context.addIssue({ code: 'custom', path: ['save'], message: '"save" is written twice in this step' });
}

function stepOf(written: object): AuthoredStep {
  const { id, allowIdle, save: beside, ...one } = written as Record<string, unknown>;
  const [kind, parsed] = Object.entries(one).find(([, value]) => value !== undefined) ?? ['', {}];
  const { save: inside, ...spec } = parsed as Record<string, Json>;
  return {
    id: (id as string | undefined) ?? null,
    kind,
    spec,
    save: (inside ?? beside ?? {}) as Record<string, string>,
    allowIdle: (allowIdle as string | undefined) ?? null,
  };
}

export const step = (actions: Actions) =>
  z
    .strictObject(stepShape(actions))
    .superRefine(exactlyOne([...actions.keys()], 'action'))
    .superRefine(saveOnce)
    .transform(stepOf);

export type Step = ReturnType<typeof step>;

export type AuthoredTrialStep =
  | { readonly do: 'act'; readonly step: AuthoredStep }
  | { readonly do: 'observe'; readonly observe: Readonly<Record<string, LookSpec>> };

/** A step, or looks side by side. */
export const trialStep = (observers: Observers, actions: Actions) =>
  z
    .strictObject({
      ...stepShape(actions),
      observe: looks(observers)
        .refine((all) => Object.keys(all).length > 0, 'expected at least one look')
        .optional()
        .describe('Looks, side by side; checks that name the trial see them by these names.'),
    })
    .superRefine(exactlyOne([...actions.keys(), 'observe'], 'action'))
    .superRefine(saveOnce)
    .transform((one): AuthoredTrialStep => {
      const { observe, ...rest } = one as { observe?: Readonly<Record<string, LookSpec>> };
      return observe === undefined ? { do: 'act', step: stepOf(rest) } : { do: 'observe', observe };
    });
