/** One pod of a namespace, as looks and steps name it. */
import { z } from 'zod';
import type { Filler } from '../grading/types.ts';
import type { PodQuery } from '../lab/namespaces.ts';
import type { ComponentAccess } from '../lab/ports.ts';

const text = z.string().min(1).max(1_000);

export const pod = z
  .strictObject({
    name: text.optional(),
    selector: text
      .optional()
      .describe('Labels, such as app=dotmac-api; of several pods the newest that runs.'),
    container: text.optional().describe("Absent: the pod's first."),
  })
  .refine(
    ({ name, selector }) => (name === undefined) !== (selector === undefined),
    'expected either name or selector',
  )
  .optional()
  .describe('A pod in the namespace; needed where the component is one, and only there.');

export type PodSpec = z.infer<typeof pod>;

/** What a pod asks of its component. @param kinds that can be asked where no pod is named. */
export function housed(
  { component, pod: asked }: { readonly component: string; readonly pod?: PodSpec },
  kinds: readonly ComponentAccess['kind'][],
) {
  if (asked === undefined) return { name: component, kinds };
  return { name: component, kinds: ['namespace'] as const, because: 'pod' };
}

export function podOf({ name, selector, container }: NonNullable<PodSpec>, fill: Filler): PodQuery {
  return {
    ...(name === undefined ? {} : { name: fill.text(name) }),
    ...(selector === undefined ? {} : { selector: fill.text(selector) }),
    ...(container === undefined ? {} : { container: fill.text(container) }),
  };
}
