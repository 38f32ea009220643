/**
 * Folders of nodes, for volumes where a cluster has no StorageClass: made and removed by a pod that is root there for a
 * moment, in a namespace of its own where no lab has anything. They hold to no size.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { LabError } from '../../../lab/errors.ts';
import { label } from '../labels.ts';
import { labelValue } from '../names.ts';
import type { Cluster } from '../types.ts';

export interface HostFolders {
  /** Writable by everybody who mounts it. */
  make(name: string, signal: AbortSignal): Promise<{ readonly path: string; readonly node: string }>;
  /** With all that is in it; what is absent is a success. */
  remove(folder: { readonly name: string; readonly node: string }, signal: AbortSignal): Promise<void>;
}

export interface HostFolderNeeds {
  readonly cluster: Cluster;
  readonly installationId: string;
  /** The namespace that its pods are in. */
  readonly namespace: string;
  /** Of the nodes; absolute. */
  readonly folder: string;
  /** One with a shell. */
  readonly image: string;
}

const withinMs = 60_000;
const lookMs = 150;
const scripts = {
  make: 'mkdir -p "/volumes/$1" && chmod 0777 "/volumes/$1"',
  remove: 'rm -rf "/volumes/$1"',
} as const;

export function createHostFolders(needs: HostFolderNeeds): HostFolders {
  const { cluster, installationId, namespace, folder } = needs;

  async function run(
    what: keyof typeof scripts,
    name: string,
    node: string | null,
    signal: AbortSignal,
  ): Promise<string> {
    await cluster.apply(space(installationId, namespace), signal);
    const pod = folderPod(needs, what, name, node);
    const at = { apiVersion: 'v1', kind: 'Pod', namespace, name: pod.metadata.name };
    const until = performance.now() + withinMs;
    try {
      // One of a maker that was killed is in the way.
      while ((await cluster.create(pod, signal)) === null) {
        await cluster.remove(at, { graceSeconds: 0 }, signal);
        await delay(lookMs, undefined, { signal });
      }
      for (;;) {
        const there = await cluster.read<V1Pod>(at, signal);
        const { phase } = there?.status ?? {};
        if (phase === 'Succeeded') return there?.spec?.nodeName ?? '';
        if (phase === 'Failed' || performance.now() > until) throw failed(what, folder, phase ?? 'gone');
        await delay(lookMs, undefined, { signal });
      }
    } finally {
      await cluster.remove(at, { graceSeconds: 0 }, AbortSignal.timeout(withinMs)).catch(() => {});
    }
  }

  return {
    make: async (name, signal) => ({
      path: `${folder}/${name}`,
      node: await run('make', name, null, signal),
    }),
    async remove({ name, node }, signal) {
      await run('remove', name, node, signal);
    },
  };
}

function failed(what: string, folder: string, phase: string): LabError {
  const text = `A node could not ${what} a volume in ${folder} (KUBERNETES_HOST_VOLUMES): its pod is ${phase}.`;
  return new LabError('backend_unavailable', text);
}

const space = (installationId: string, name: string) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name,
    labels: {
      [label.installation]: labelValue(installationId),
      [label.space]: 'shared',
      'pod-security.kubernetes.io/enforce': 'privileged',
    },
  },
});

function folderPod(
  { namespace, folder, image }: HostFolderNeeds,
  what: keyof typeof scripts,
  name: string,
  node: string | null,
) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${what}-${name}`, namespace },
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: withinMs / 1_000,
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(node === null ? {} : { nodeSelector: { 'kubernetes.io/hostname': node } }),
      containers: [
        {
          name: 'folder',
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['sh', '-c', scripts[what], 'sh', name],
          securityContext: {
            runAsUser: 0,
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'], add: ['DAC_OVERRIDE', 'FOWNER'] },
            seccompProfile: { type: 'RuntimeDefault' },
          },
          resources: { limits: { cpu: '500m', memory: '64Mi' }, requests: { cpu: '10m', memory: '16Mi' } },
          volumeMounts: [{ name: 'volumes', mountPath: '/volumes' }],
        },
      ],
      volumes: [{ name: 'volumes', hostPath: { path: folder, type: 'DirectoryOrCreate' } }],
    },
  };
}
