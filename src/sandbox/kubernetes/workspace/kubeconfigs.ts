/** Kubeconfigs in workspaces that lead to the trainee's own namespaces, renewed long before their tokens end. */
import type { Namespaces } from '../../../lab/namespaces.ts';
import type { ShellComponent } from '../../../templates/types.ts';
import type { FoundContainer } from '../../containers/types.ts';
import type { Piece } from '../../part.ts';
import type { PodContainers } from '../pods/pod-containers.ts';

/** In memory, and in no workspace: it would be in its exports and in its forks, too. */
export const kubeconfigFolder = '/home/trainee/.kube';
const path = `${kubeconfigFolder}/config`;
/** What is asked for; a cluster may grant less. Without the lab it is worth nothing. */
const lastsMs = 12 * 3_600_000;

/** For programs of a trainee whose workspace has one. */
export const kubeconfigEnv = ({ kubeconfig = [] }: ShellComponent): Readonly<Record<string, string>> =>
  kubeconfig.length === 0 ? {} : { KUBECONFIG: path, KUBECACHEDIR: '/tmp/.kube' };

export interface KubeconfigsNeeds {
  readonly containers: Pick<PodContainers, 'put'>;
  readonly kubeconfig: Namespaces['kubeconfig'];
}

export interface Kubeconfigs {
  /** There, and not soon at its end; free while it is not. */
  ensure(piece: Piece<ShellComponent>, pod: FoundContainer, signal: AbortSignal): Promise<void>;
}

export function createKubeconfigs({ containers, kubeconfig }: KubeconfigsNeeds): Kubeconfigs {
  /** Until when each is left as it is: half of its life. */
  const renewal = new Map<string, number>();

  return {
    async ensure({ plan, spec }, { id, createdAt }, signal) {
      // A copy of a lab has none of its namespaces.
      const components = (spec.kubeconfig ?? []).filter((name) => plan.components[name] !== undefined);
      const key = `${id} ${createdAt.toISOString()}`;
      const now = Date.now();
      if (components.length === 0 || (renewal.get(key) ?? 0) > now) return;
      const until = new Date(now + lastsMs);
      const { text, expiresAt } = await kubeconfig(plan, components, 'inside', until, signal);
      await containers.put(id, path, Buffer.from(text), signal);
      for (const [other, at] of renewal) if (at < now) renewal.delete(other);
      renewal.set(key, now + (expiresAt.getTime() - now) / 2);
    },
  };
}
