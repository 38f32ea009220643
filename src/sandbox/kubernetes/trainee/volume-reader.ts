/**
 * Files of a volume in a trainee's namespace: a pod of ours beside theirs, for a few minutes, which has the volume
 * read-only and nothing else. Trainees cannot enter it nor take its name; it is in the quota with a place of its own.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { gatewayFolders } from '../../../gateway/protocol.ts';
import { LabError } from '../../../lab/errors.ts';
import type { FileFound, FileQuery } from '../../../lab/ports.ts';
import { type AgentSession, createAgentSession } from '../../containers/agent-session.ts';
import { createGatewayFiles } from '../../containers/gateway-files.ts';
import type { GatewayFiles } from '../../containers/types.ts';
import type { Cluster, PodExec } from '../types.ts';
import { ownPrefix } from './own-names.ts';

export interface VolumeReader {
  /** Throws `object_not_found` when the claim is not there, `object_denied` when the namespace has no room for us. */
  find(
    at: { readonly namespace: string; readonly claim: string },
    query: FileQuery,
    signal: AbortSignal,
  ): Promise<readonly FileFound[]>;
  /** Ends what is open into these namespaces; the pods go with them, or by themselves. */
  forget(namespaces: readonly string[]): void;
  close(): void;
}

/** It ends by itself, whoever made it; one that is still looked through is made anew. */
const livesSeconds = 300;
const startsWithinMs = 60_000;
const lookMs = 150;
const container = 'reader';
const agent = ['node', '--max-old-space-size=64', '--max-semi-space-size=2', '/app/src/gateway/main.ts'];

export interface VolumeReaderNeeds {
  readonly cluster: Cluster;
  readonly exec: PodExec;
  /** Labwright's own. */
  readonly image: string;
}

export function createVolumeReader({ cluster, exec, image }: VolumeReaderNeeds): VolumeReader {
  const open = new Map<string, { readonly session: AgentSession; readonly files: GatewayFiles }>();
  const keyOf = (namespace: string, claim: string) => `${namespace}/${claim}`;

  function filesOf(namespace: string, claim: string): GatewayFiles {
    const key = keyOf(namespace, claim);
    const known = open.get(key);
    if (known !== undefined) return known.files;
    const session = createAgentSession(async (signal) => {
      const pod = await running(namespace, claim, signal);
      const program = await exec.open({ namespace, pod, container }, agent, { stdin: true }, signal);
      program.onError(() => {});
      return program.stream;
    });
    const files = createGatewayFiles(session);
    open.set(key, { session, files });
    return files;
  }

  async function running(namespace: string, claim: string, signal: AbortSignal): Promise<string> {
    const name = `${ownPrefix}read-${claim}`;
    const at = { apiVersion: 'v1', kind: 'Pod', namespace, name };
    const until = performance.now() + startsWithinMs;
    for (;;) {
      const there = await cluster.read<V1Pod>(at, signal);
      const isLeaving = there?.metadata?.deletionTimestamp !== undefined;
      const { phase } = there?.status ?? {};
      if (there === null) await create(namespace, claim, name, signal);
      else if (phase === 'Running' && !isLeaving) return name;
      else if (phase === 'Succeeded' || phase === 'Failed')
        await cluster.remove(at, { graceSeconds: 0 }, signal);
      if (performance.now() > until) throw slow(claim, there);
      await delay(lookMs, undefined, { signal });
    }
  }

  async function create(namespace: string, claim: string, name: string, signal: AbortSignal): Promise<void> {
    const pods = await cluster.list<V1Pod>({ apiVersion: 'v1', kind: 'Pod', namespace }, signal);
    const node = nodeOf(pods, claim);
    try {
      await cluster.create(readerPod({ namespace, claim, name, image, node }), signal);
    } catch (thrown) {
      if (!(thrown instanceof LabError) || thrown.code !== 'backend_busy') throw thrown;
      const text = `The volume "${claim}" cannot be looked into: the trainee's pods use up all of the namespace's quota.`;
      throw new LabError('object_denied', text, { cause: thrown });
    }
  }

  return {
    async find({ namespace, claim }, query, signal) {
      const kind = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
      if ((await cluster.read({ ...kind, namespace, name: claim }, signal)) === null) {
        throw new LabError('object_not_found', `There is no PersistentVolumeClaim "${claim}".`);
      }
      return filesOf(namespace, claim).find({ component: claim, generation: 1 }, query, signal);
    },
    forget(namespaces) {
      for (const [key, { session }] of open) {
        if (!namespaces.some((namespace) => key.startsWith(`${namespace}/`))) continue;
        session.close();
        open.delete(key);
      }
    },
    close() {
      for (const { session } of open.values()) session.close();
      open.clear();
    },
  };
}

/** A volume that one node has at a time is looked into there. */
function nodeOf(pods: readonly V1Pod[], claim: string): string | null {
  const user = pods.find(
    ({ spec, status }) =>
      status?.phase === 'Running' &&
      spec?.volumes?.some(({ persistentVolumeClaim: one }) => one?.claimName === claim),
  );
  return user?.spec?.nodeName ?? null;
}

function slow(claim: string, pod: V1Pod | null): LabError {
  const waiting = pod?.status?.containerStatuses?.[0]?.state?.waiting;
  const unscheduled = pod?.status?.conditions?.find(({ status }) => status === 'False');
  const why = waiting?.message ?? waiting?.reason ?? unscheduled?.message ?? 'it does not start';
  return new LabError('backend_unavailable', `The volume "${claim}" cannot be looked into: ${why}.`);
}

interface ReaderFacts {
  readonly namespace: string;
  readonly claim: string;
  readonly name: string;
  readonly image: string;
  readonly node: string | null;
}

export function readerPod({ namespace, claim, name, image, node }: ReaderFacts) {
  const here = { key: 'metadata.name', operator: 'In', values: [node] };
  const nodeSelectorTerms = [{ matchFields: [here] }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: livesSeconds + 30,
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, runAsUser: 999, runAsGroup: 999 },
      ...(node === null
        ? {}
        : {
            affinity: {
              nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
            },
          }),
      containers: [
        {
          name: container,
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['sleep', String(livesSeconds)],
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
            seccompProfile: { type: 'RuntimeDefault' },
          },
          resources: { limits: { cpu: '500m', memory: '192Mi' }, requests: { cpu: '10m', memory: '16Mi' } },
          volumeMounts: [
            { name: 'volume', mountPath: `${gatewayFolders.workspaces}/${claim}/1`, readOnly: true },
          ],
        },
      ],
      volumes: [{ name: 'volume', persistentVolumeClaim: { claimName: claim, readOnly: true } }],
    },
  };
}
