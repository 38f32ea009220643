/** `kubernetes` as a step: what a trainee does with kubectl in their namespace; and the disasters that faults bring. */
import { z } from 'zod';
import type { ActContext, ActionKind, ActionOutcome } from '../grading/types.ts';
import { clusterOf } from '../observers/cluster.ts';
import { limits } from '../observers/limits.ts';
import { componentName, dyn, list, map, number, object, string, upTo } from '../observers/spec-parts.ts';
import { act } from './act.ts';
import {
  applyFile,
  deleteObject,
  patchObject,
  restartPods,
  scaleObject,
  setImage,
} from './kubernetes-changes.ts';
import { rollOut } from './kubernetes-rollout.ts';
import { acts, justOneAct, oneAct } from './kubernetes-spec.ts';
import { undoRollout } from './kubernetes-undo.ts';

const spec = z
  .strictObject({
    component: componentName,
    as: z
      .enum(['trainee', 'grader'])
      .default('trainee')
      .describe('Whose rights hold; `grader` is for faults and trials.'),
    ...acts,
    within: upTo(limits.longestStepMs).default(60_000).describe('It fails when it is not done so soon.'),
  })
  .refine(justOneAct, oneAct);

export type KubernetesActionSpec = z.infer<typeof spec>;

/** `objects` is what was applied, as kind and name; `object` how the changed one is then, or null. */
const changedType = object({ objects: list(map(string)), object: dyn, durationMs: number });

export const kubernetesAction: ActionKind<KubernetesActionSpec> = {
  kind: 'kubernetes',
  spec,
  resultType: () => changedType,
  components: ({ component }) => [{ name: component, kinds: ['namespace'] }],
  files: ({ apply }) => (apply === undefined ? [] : [apply]),
  run: (asked, context, signal) =>
    act(context, asked.within, signal, async (within) => {
      const start = performance.now();
      const done = await change(asked, context, within);
      if (!done.ok) return done;
      const seen = { objects: [], object: null, ...(done.value as object) };
      return { ok: true, value: { ...seen, durationMs: Math.round(performance.now() - start) } };
    }),
};

async function change(
  asked: KubernetesActionSpec,
  context: ActContext,
  signal: AbortSignal,
): Promise<ActionOutcome> {
  const { component, as } = asked;
  const cluster = clusterOf(context.sandbox);
  const place = { cluster, component, as, context, signal };
  if (asked.apply !== undefined) return applyFile(asked.apply, place);
  if (asked.delete !== undefined) return deleteObject(asked.delete, place);
  if (asked.scale !== undefined) return scaleObject(asked.scale, place);
  if (asked.patch !== undefined) return patchObject(asked.patch, place);
  if (asked.setImage !== undefined) return setImage(asked.setImage, place);
  if (asked.restart !== undefined) return restartPods(asked.restart, place);
  if (asked.undo !== undefined) return undoRollout(asked.undo, place);
  if (asked.rollout !== undefined) return rollOut(asked.rollout, place, asked.within);
  if (asked.deleteNamespace === true) await cluster.removeNamespace(component, signal);
  else await cluster.createNamespace(component, signal);
  return { ok: true, value: {} };
}
