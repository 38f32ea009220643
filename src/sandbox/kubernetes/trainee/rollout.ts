/** Whether what was applied serves, as its own status tells. Pure. */

/** As far as it is looked at here. */
export interface Rolling {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly generation?: number };
  readonly spec?: { readonly replicas?: number; readonly suspend?: boolean };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly readyReplicas?: number;
    readonly desiredNumberScheduled?: number;
    readonly numberReady?: number;
    readonly phase?: string;
    readonly conditions?: readonly Condition[];
  };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly message?: string;
}

/** Kinds that are waited for. */
export const rollingKinds: ReadonlySet<string> = new Set([
  ...['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'Pod'],
]);

/** Null: it is there; else what is missing, and whether waiting can help. */
export function missingOf(object: Rolling): { readonly text: string; readonly isHopeless: boolean } | null {
  const { kind, metadata, spec = {}, status = {} } = object;
  const refusal = conditionOf(object, 'ReplicaFailure');
  if (refusal?.status === 'True') {
    const text = `${kind} ${metadata.name}: ${refusal.message ?? 'its pods are refused'}`;
    return { text, isHopeless: /violates PodSecurity/.test(text) };
  }
  const isNews = (status.observedGeneration ?? 0) < (metadata.generation ?? 0);
  const wanted = spec.replicas ?? 1;
  const waits = (text: string) => ({ text: `${kind} ${metadata.name}: ${text}`, isHopeless: false });
  const some = (ready: number, of: number) =>
    ready >= of ? null : waits(`${ready} of ${of} pods are ready`);
  switch (kind) {
    case 'Deployment': {
      if (isNews) return waits('not looked at yet');
      const { updatedReplicas = 0, availableReplicas = 0, replicas = 0 } = status;
      if (replicas > updatedReplicas) return waits(`${replicas - updatedReplicas} old pods are left`);
      return some(Math.min(updatedReplicas, availableReplicas), wanted);
    }
    case 'StatefulSet':
      return isNews ? waits('not looked at yet') : some(status.readyReplicas ?? 0, wanted);
    case 'DaemonSet':
      if (isNews) return waits('not looked at yet');
      return some(status.numberReady ?? 0, status.desiredNumberScheduled ?? 0);
    case 'Job': {
      const failure = conditionOf(object, 'Failed');
      if (failure?.status === 'True') {
        const text = `Job ${metadata.name} failed: ${failure.message ?? 'its pods failed'}`;
        return { text, isHopeless: true };
      }
      const isDone = spec.suspend === true || conditionOf(object, 'Complete')?.status === 'True';
      return isDone ? null : waits('it runs');
    }
    case 'Pod': {
      if (status.phase === 'Succeeded' || conditionOf(object, 'Ready')?.status === 'True') return null;
      return waits(`it is ${status.phase?.toLowerCase() ?? 'not there yet'}`);
    }
    default:
      return null;
  }
}

function conditionOf({ status }: Rolling, type: string): Condition | undefined {
  return status?.conditions?.find((one) => one.type === type);
}

export interface WaitingPod {
  readonly metadata?: { readonly name?: string };
  readonly status?: {
    readonly containerStatuses?: readonly {
      readonly state?: {
        readonly waiting?: { readonly reason?: string; readonly message?: string };
        readonly terminated?: { readonly reason?: string; readonly exitCode: number };
      };
    }[];
  };
}

const hopeless = /^(ErrImageNeverPull|ErrImagePull|ImagePullBackOff|InvalidImageName)$/;

/** Why pods do not run, a sentence each, and whether waiting can help. */
export function troubleOf(pods: readonly WaitingPod[]) {
  const told = pods.flatMap(({ metadata, status }) =>
    (status?.containerStatuses ?? []).flatMap(({ state }) => {
      const { reason, message } = state?.waiting ?? {};
      if (reason === undefined || reason === 'ContainerCreating' || reason === 'PodInitializing') return [];
      return [{ reason, text: `${metadata?.name}: ${reason}${message ? ` (${message})` : ''}` }];
    }),
  );
  return {
    texts: told.map(({ text }) => text),
    isHopeless: told.some(({ reason }) => hopeless.test(reason)),
  };
}
