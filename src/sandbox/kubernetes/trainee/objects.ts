/** Objects of any kind in a trainee's namespace, with their rights or with ours. */
import { LabError } from '../../../lab/errors.ts';
import type { Actor, KubernetesObject, Namespaces, ObjectRef } from '../../../lab/namespaces.ts';
import type { SandboxPlan } from '../../../lab/ports.ts';
import { statusOf } from '../errors.ts';
import type { Cluster, KindOf } from '../types.ts';
import type { Accounts } from './accounts.ts';
import { placed } from './manifests.ts';
import { isOwn, ownPrefix } from './own-names.ts';

export interface ObjectNeeds {
  readonly cluster: Cluster;
  /** Real name of a component's namespace. Throws LabError `bad_request`. */
  readonly namespaceOf: (plan: SandboxPlan, component: string) => string;
  readonly asTrainee: Accounts['asTrainee'];
}

type Objects = Pick<Namespaces, 'list' | 'apply' | 'remove' | 'patch' | 'scale'>;

export function createObjects({ cluster, namespaceOf, asTrainee }: ObjectNeeds): Objects {
  const act = <T>(
    as: Actor,
    { sandboxId }: SandboxPlan,
    work: (cluster: Cluster) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> => (as === 'grader' ? work(cluster) : asTrainee(sandboxId, work, signal));

  async function requireNamespaced(kind: KindOf): Promise<void> {
    if (await cluster.isNamespaced(kind)) return;
    const text = `${kind.kind} is a kind of the whole cluster; allowed are kinds that are in a namespace.`;
    throw new LabError('validation_failed', text);
  }

  async function place(plan: SandboxPlan, component: string, { apiVersion, kind, name }: ObjectRef) {
    await requireNamespaced({ apiVersion, kind });
    if (isOwn(name)) {
      const text = `${kind} "${name}": names that begin with ${ownPrefix} are the lab's own.`;
      throw new LabError('object_denied', text);
    }
    return { apiVersion, kind, name, namespace: namespaceOf(plan, component) };
  }

  return {
    async list(plan, component, { apiVersion, kind, name, selector, limit }, signal) {
      await requireNamespaced({ apiVersion, kind });
      const namespace = namespaceOf(plan, component);
      if (name !== undefined) {
        const found = await cluster.read({ apiVersion, kind, namespace, name }, signal);
        const fits = found !== null && !isOwn(name) && (selector === undefined || (await matches(found)));
        return fits ? [cleaned(found)] : [];
      }
      const among = selector === undefined ? {} : { selector };
      const all = await cluster.list({ apiVersion, kind, namespace, ...among, limit: limit + ours }, signal);
      const theirs = all.filter((object) => !isOwn(nameOf(object)));
      if (theirs.length <= limit) return theirs.map(cleaned);
      const text = `There are more than ${limit} objects of the kind ${kind}; narrow them by name, selector or limit.`;
      throw new LabError('payload_too_large', text);

      async function matches(object: KubernetesObject): Promise<boolean> {
        const selected = await cluster.list(
          { apiVersion, kind, namespace, selector: selector ?? '' },
          signal,
        );
        return selected.some((one) => nameOf(one) === nameOf(object));
      }
    },
    async apply(plan, component, as, manifests, signal) {
      const objects = await placed(manifests, namespaceOf(plan, component), cluster.isNamespaced);
      for (const object of objects) await act(as, plan, (who) => who.apply(object, signal), signal);
    },
    async remove(plan, component, as, ref, signal) {
      const at = await place(plan, component, ref);
      await act(as, plan, (who) => who.remove(at, {}, signal), signal);
    },
    async patch(plan, component, as, ref, patch, signal) {
      const at = await place(plan, component, ref);
      const send = (type: 'strategic' | 'merge') =>
        act(as, plan, (who) => who.patch(at, patch, { type }, signal), signal);
      try {
        return cleaned(await send('strategic'));
      } catch (thrown) {
        // Kinds that somebody has added to the cluster know only the other.
        if (statusOf(thrown) !== 415) throw thrown;
        return cleaned(await send('merge'));
      }
    },
    async scale(plan, component, as, ref, replicas, signal) {
      const at = await place(plan, component, ref);
      const options = { type: 'merge', subresource: 'scale' } as const;
      await act(as, plan, (who) => who.patch(at, { spec: { replicas } }, options, signal), signal);
    },
  };
}

/** More of one kind than we have in a namespace. */
const ours = 20;

function nameOf({ metadata }: KubernetesObject): string {
  const { name } = (metadata ?? {}) as { readonly name?: string };
  return name ?? '';
}

/** Who has written which field is a bookkeeping of the cluster. */
function cleaned(object: KubernetesObject): KubernetesObject {
  const { managedFields: _, ...metadata } = (object.metadata ?? {}) as KubernetesObject;
  return { ...object, metadata };
}
