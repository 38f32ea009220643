/** Components that are a trainee's own Kubernetes namespace: how the platform and its graders reach what is in them. */
import type { Json } from '../templates/types.ts';
import type { ExecLimits, ExecResult, FileFound, FileQuery, SandboxPlan } from './ports.ts';

/** Whose rights hold: the trainee's own in their namespaces, or ours. */
export type Actor = 'trainee' | 'grader';

/** An object as the cluster's API gives it. */
export type KubernetesObject = { readonly [key: string]: Json };

/** Objects of one kind. Names of kinds are those of manifests: `apps/v1`, `Deployment`. */
export interface KindQuery {
  readonly apiVersion: string;
  readonly kind: string;
}

export interface ObjectsQuery extends KindQuery {
  /** Absent: all. */
  readonly name?: string;
  /** A label selector such as `app=shop,tier!=cache`. */
  readonly selector?: string;
  /** At most so many; more are an error `payload_too_large`. */
  readonly limit: number;
}

export interface ObjectRef extends KindQuery {
  readonly name: string;
}

/** One pod and one container in it. */
export interface PodQuery {
  /** Exactly this one; absent: by `selector`. */
  readonly name?: string;
  readonly selector?: string;
  /** Absent: the pod's first. */
  readonly container?: string;
}

/**
 * What goes wrong is a LabError: `object_not_found` and `object_denied` say what the cluster said of an object,
 * `validation_failed` that it refused one, `backend_unavailable` that it does not answer.
 */
export interface Namespaces {
  /**
   * A kubeconfig with a context for each of these components, by its name; the first is the current one. Its token ends
   * at `until`, or earlier where the cluster grants less, and with the lab.
   * @param from `inside` the lab's own workspaces, or from `outside` of the cluster.
   */
  kubeconfig(
    plan: SandboxPlan,
    components: readonly string[],
    from: 'inside' | 'outside',
    until: Date,
    signal: AbortSignal,
  ): Promise<{ readonly text: string; readonly expiresAt: Date }>;
  /** Without `managedFields`; those that are ours are left out. */
  list(
    plan: SandboxPlan,
    component: string,
    query: ObjectsQuery,
    signal: AbortSignal,
  ): Promise<readonly KubernetesObject[]>;
  /** Server-side, all or up to the first that is refused; the namespace is filled in. */
  apply(
    plan: SandboxPlan,
    component: string,
    as: Actor,
    manifests: readonly KubernetesObject[],
    signal: AbortSignal,
  ): Promise<void>;
  /** What is absent is a success. */
  remove(plan: SandboxPlan, component: string, as: Actor, ref: ObjectRef, signal: AbortSignal): Promise<void>;
  /** A strategic merge where the kind knows it, else a JSON merge. Gives the object as it is then. */
  patch(
    plan: SandboxPlan,
    component: string,
    as: Actor,
    ref: ObjectRef,
    patch: KubernetesObject,
    signal: AbortSignal,
  ): Promise<KubernetesObject>;
  /** By the kind's scale. */
  scale(
    plan: SandboxPlan,
    component: string,
    as: Actor,
    ref: ObjectRef,
    replicas: number,
    signal: AbortSignal,
  ): Promise<void>;
  /** The whole namespace, as a disaster would; returns when it is gone. `ensure` of the component brings it back empty. */
  removeNamespace(plan: SandboxPlan, component: string, signal: AbortSignal): Promise<void>;
  /** The namespace with the trainee's rights, and none of the template's objects; free when it is there. */
  createNamespace(plan: SandboxPlan, component: string, signal: AbortSignal): Promise<void>;
  /** The newest of what a pod's container printed. */
  podLog(
    plan: SandboxPlan,
    component: string,
    pod: PodQuery,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<string>;
  /** The trainee's word: what is in the pod is theirs. */
  podExec(
    plan: SandboxPlan,
    component: string,
    pod: PodQuery,
    argv: readonly string[],
    limits: ExecLimits,
    signal: AbortSignal,
  ): Promise<ExecResult>;
  /** Files of a volume of the component's `storage`; links are not followed. */
  volumeFiles(
    plan: SandboxPlan,
    component: string,
    volume: string,
    query: FileQuery,
    signal: AbortSignal,
  ): Promise<readonly FileFound[]>;
}
