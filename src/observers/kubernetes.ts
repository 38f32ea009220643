/** `kubernetes`: objects in a trainee's namespace, as the cluster has them. */
import { z } from 'zod';
import type { LookContext, ObserverKind, Value } from '../grading/types.ts';
import type { KubernetesObject } from '../lab/namespaces.ts';
import { askCluster } from './cluster.ts';
import { kindOf, versionKnown, versionUnknown } from './kubernetes-kinds.ts';
import { limits } from './limits.ts';
import { LookFailure, look } from './look.ts';
import { parseJson } from './parse.ts';
import { componentName, dyn, list, number, object, upTo } from './spec-parts.ts';

const spec = z
  .strictObject({
    component: componentName,
    kind: z
      .string()
      .regex(/^[A-Z][A-Za-z0-9]{0,62}$/, 'expected a kind as in manifests, such as Deployment')
      .describe('As in manifests.'),
    apiVersion: z.string().min(1).max(200).optional().describe('Absent: that of the usual kinds.'),
    name: z.string().min(1).max(253).optional().describe('Only this one.'),
    selector: z
      .string()
      .min(1)
      .max(1_000)
      .optional()
      .describe('Only those with these labels: app=shop,tier!=cache.'),
    limit: z.int().min(1).max(limits.objects).default(100).describe('More are `oversized`.'),
    timeout: upTo(limits.longestLookMs).default(limits.lookMs),
  })
  .refine(versionKnown, versionUnknown);

export type KubernetesSpec = z.infer<typeof spec>;

export const kubernetesObserver: ObserverKind<KubernetesSpec> = {
  kind: 'kubernetes',
  spec,
  // What is in an object is up to its kind: ask for it with `has`.
  resultType: () => object({ objects: list(dyn), count: number }),
  components: ({ component }) => [{ name: component, kinds: ['namespace'] }],
  observe: (asked, context, signal) =>
    look(context, asked.timeout, signal, (within) => seeObjects(asked, context, within)),
};

/** Nothing of that name is no object. @throws LookFailure */
async function seeObjects(
  asked: KubernetesSpec,
  { sandbox, fill }: LookContext,
  signal: AbortSignal,
): Promise<Value> {
  const { name, selector } = asked;
  const query = {
    ...kindOf(asked),
    ...(name === undefined ? {} : { name: fill.text(name) }),
    ...(selector === undefined ? {} : { selector: fill.text(selector) }),
    limit: asked.limit,
  };
  const found = await askCluster(
    sandbox,
    asked.component,
    (all) => all.list(asked.component, query, signal),
    signal,
  ).catch((thrown) => {
    if (thrown instanceof LookFailure && thrown.problem === 'missing') return [];
    throw thrown;
  });
  const objects = bounded(found, asked.kind);
  return { objects, count: objects.length };
}

/** @throws LookFailure `oversized` */
function bounded(found: readonly KubernetesObject[], kind: string): readonly Value[] {
  const text = JSON.stringify(found);
  if (Buffer.byteLength(text) > limits.objectBytes) {
    const reason = `The objects of kind ${kind} are larger than ${limits.objectBytes / 1024} KiB together.`;
    throw new LookFailure('oversized', reason, reason);
  }
  return parseJson(text, `An object of kind ${kind}`) as readonly Value[];
}
