/** The acts of a `kubernetes` step, of which each step has one. */
import { z } from 'zod';
import { kindOf, versionKnown, versionUnknown } from '../observers/kubernetes-kinds.ts';
import { json, relativePath } from '../observers/spec-parts.ts';
import type { Json } from '../templates/types.ts';

const kind = z
  .string()
  .regex(/^[A-Z][A-Za-z0-9]{0,62}$/, 'expected a kind as in manifests, such as Deployment');
const named = {
  kind,
  name: z.string().min(1).max(253),
  apiVersion: z.string().min(1).max(200).optional().describe('Absent: that of the usual kinds.'),
};
const reference = z.strictObject(named).refine(versionKnown, versionUnknown);
const rolled = z.strictObject({
  kind: z.enum(['Deployment', 'StatefulSet', 'DaemonSet']),
  name: named.name,
});

const replicas = z.union([
  z.int().min(0).max(1_000),
  z.string().regex(/^\{\{[^{}]+\}\}$/, 'expected a number, or one {{ }}'),
]);

export const acts = {
  apply: relativePath
    .optional()
    .describe(
      "A file of the template's folder with manifests, applied in their order; its texts may hold {{ }}.",
    ),
  delete: reference.optional().describe('Returns when it is gone; what is absent is a success.'),
  scale: z
    .strictObject({ ...named, replicas })
    .refine(versionKnown, versionUnknown)
    .optional(),
  patch: z
    .strictObject({
      ...named,
      patch: z.record(z.string(), json).transform((one): Readonly<Record<string, Json>> => one),
    })
    .refine(versionKnown, versionUnknown)
    .optional()
    .describe('A strategic merge; a JSON merge for kinds that are not built in.'),
  setImage: z
    .strictObject({ ...named, container: z.string().min(1).max(63), image: z.string().min(1).max(500) })
    .refine(versionKnown, versionUnknown)
    .optional(),
  rollout: rolled.optional().describe('Waits until all its pods are new and available.'),
  restart: rolled.optional().describe('Replaces all its pods, as `kubectl rollout restart`.'),
  undo: z
    .strictObject({ kind: z.literal('Deployment'), name: named.name })
    .optional()
    .describe('Goes back to the pods before the newest change, as `kubectl rollout undo`.'),
  deleteNamespace: z
    .literal(true)
    .optional()
    .describe('The whole namespace, by our hand; in faults and trials.'),
  createNamespace: z
    .literal(true)
    .optional()
    .describe("The namespace again, empty, with the trainee's rights; by our hand; in faults and trials."),
};

const names = Object.keys(acts);

/** For `refine`. */
export function justOneAct(asked: object): boolean {
  return names.filter((name) => (asked as Record<string, unknown>)[name] !== undefined).length === 1;
}

export const oneAct = `expected exactly one of ${names.join(', ')}`;

type Acts = { readonly [Name in keyof typeof acts]: NonNullable<z.infer<(typeof acts)[Name]>> };
export type ReferenceSpec = Acts['delete'];
export type ScaleSpec = Acts['scale'];
export type PatchSpec = Acts['patch'];
export type SetImageSpec = Acts['setImage'];
export type RolledSpec = Acts['rollout'];
export type UndoSpec = Acts['undo'];

export const referenceOf = (
  asked: { readonly kind: string; readonly name: string; readonly apiVersion?: string | undefined },
  fill: { text(raw: string): string },
) => ({ ...kindOf(asked), name: fill.text(asked.name) });
