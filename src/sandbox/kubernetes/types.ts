/**
 * What the parts of the kubernetes backend are to one another. The client library stops in this folder.
 *
 * A sandbox is: a namespace of ours with a pod and a Service for each component, and one more namespace for each
 * component of the kind `namespace`, which is the trainee's.
 */
import type { Duplex } from 'node:stream';
import type { KubeConfig, V1Pod } from '@kubernetes/client-node';
import type { KubernetesObject } from '../../lab/namespaces.ts';
import type { SandboxPlan } from '../../lab/ports.ts';
import type { ResourceRef } from '../naming.ts';

export interface KindOf {
  readonly apiVersion: string;
  readonly kind: string;
}

export interface ObjectName extends KindOf {
  /** Absent: of the cluster itself. */
  readonly namespace?: string;
  readonly name: string;
}

/**
 * The cluster's API, with retries as its conventions ask (409 where it is ours to win, 429 and 5xx with Retry-After),
 * all within the caller's signal. Objects are plain. Throws LabError: `backend_unavailable` when it does not answer or
 * refuses us (which verb, resource and namespace), `backend_busy` when a quota is used up, `object_not_found`,
 * `object_denied` and `validation_failed` otherwise; `statusOf` tells the API's own code.
 */
export interface Cluster {
  readonly config: KubeConfig;
  /** Null: absent. */
  read<T extends object = KubernetesObject>(name: ObjectName, signal: AbortSignal): Promise<T | null>;
  list<T extends object = KubernetesObject>(
    of: KindOf & {
      /** Absent: in all. */
      readonly namespace?: string;
      readonly selector?: string;
      /** At most so many are read; absent: all, page by page. */
      readonly limit?: number;
    },
    signal: AbortSignal,
  ): Promise<readonly T[]>;
  /** Server-side, by the field manager `labwright`, with force: what we say of an object of ours holds. */
  apply<T extends object>(object: T, signal: AbortSignal): Promise<T>;
  /** Null: one of this name is there. */
  create<T extends object>(object: T, signal: AbortSignal): Promise<T | null>;
  /** JSON merge, or strategic where the kind knows it. `subresource` such as `scale` or `resize`. */
  patch<T extends object = KubernetesObject>(
    name: ObjectName,
    patch: object,
    options: { readonly type: 'merge' | 'strategic' | 'json'; readonly subresource?: string },
    signal: AbortSignal,
  ): Promise<T>;
  /** What is absent is a success; returns when it is accepted, not when it is gone. */
  remove(
    name: ObjectName,
    options: { readonly graceSeconds?: number; readonly uid?: string },
    signal: AbortSignal,
  ): Promise<void>;
  /** What a container printed, of a run that is over too where it is asked for. Throws `object_not_found`. */
  podLog(
    at: { readonly namespace: string; readonly pod: string; readonly container: string },
    options: {
      readonly tailLines?: number;
      readonly limitBytes?: number;
      readonly sinceTime?: string;
      readonly timestamps?: boolean;
      readonly previous?: boolean;
    },
    signal: AbortSignal,
  ): Promise<string>;
  /** A token of a ServiceAccount, as TokenRequest gives it. */
  token(
    account: { readonly namespace: string; readonly name: string },
    seconds: number,
    signal: AbortSignal,
  ): Promise<{ readonly token: string; readonly expiresAt: Date }>;
  /** Whether objects of this kind are in namespaces; false also for those of the cluster itself. Throws `validation_failed` for an unknown kind. */
  isNamespaced(of: KindOf): Promise<boolean>;
  /** The same cluster with another's rights. */
  as(token: string): Cluster;
}

/** All pods of this installation, as a watch tells them; what we write ourselves is there at once. */
export interface PodCache {
  /** Of one namespace; resolves when the first list is in. Throws `backend_unavailable` while the cluster does not answer. */
  of(namespace: string, signal: AbortSignal): Promise<readonly V1Pod[]>;
  /** What an answer of the API said of a pod; older news are ignored. */
  learn(pod: V1Pod): void;
  /** Resolves at the next change of any pod in this namespace, or after `withinMs`. */
  changed(namespace: string, withinMs: number, signal: AbortSignal): Promise<void>;
  /** A pod that ran has ended, was removed, or its container was started again by the kubelet. */
  onTrouble(handler: (sandboxId: string) => void): void;
  close(): Promise<void>;
}

/** The namespaces of sandboxes; their names are pure. */
export interface Spaces {
  /** Where our own objects of a sandbox are. */
  controlOf(sandboxId: string): string;
  /** A trainee's namespace. */
  traineeOf(ref: Pick<ResourceRef, 'sandboxId' | 'component'>): string;
  /** What is shared by all labs: prepared databases. */
  readonly shared: string;
  /** The control namespace with its account, quota, limits and policies; free when it is there. */
  ensure(plan: SandboxPlan, signal: AbortSignal): Promise<void>;
  ensureShared(signal: AbortSignal): Promise<void>;
  /** Something of it was seen to be gone: the next `ensure` looks at all of it. */
  distrust(sandboxId: string): void;
}

/** Connections into pods: direct from inside of the cluster, else through its API. */
export interface PodDial {
  /** Throws LabError `backend_unavailable`; `extra.reason` is `refused` when nothing listens there. */
  dial(namespace: string, pod: string, port: number, signal: AbortSignal): Promise<Duplex>;
}

/** Programs in pods, over the API's exec. */
export interface PodExec {
  /** Raw bytes: stdin in, stdout out, stderr to `onError`; `exitCode` once it has ended (null: not known). */
  open(
    at: { readonly namespace: string; readonly pod: string; readonly container: string },
    argv: readonly string[],
    options: { readonly tty?: { readonly cols: number; readonly rows: number }; readonly stdin: boolean },
    signal: AbortSignal,
  ): Promise<PodProgram>;
}

export interface PodProgram {
  readonly stream: Duplex;
  onError(take: (bytes: Buffer) => void): void;
  resize(cols: number, rows: number): void;
  readonly exitCode: Promise<number | null>;
}
