/** Volumes that are there from the start: of a StorageClass, or folders of a node where the cluster has none. */
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../../../lab/errors.ts';
import type { NamespaceComponent } from '../../../templates/types.ts';
import type { Piece, SpecOf } from '../../part.ts';
import { componentMeta, label, selectorOf } from '../labels.ts';
import { labelValue } from '../names.ts';
import type { Cluster } from '../types.ts';
import type { HostFolders } from './host-folders.ts';

export interface VolumeNeeds {
  readonly cluster: Cluster;
  readonly installationId: string;
  /** Null: `folders` are used, where there are any. */
  readonly storageClass: string | null;
  readonly folders: HostFolders | null;
}

export interface Volumes {
  /** Claims of this component's storage, in its namespace. */
  ensure(piece: Piece<NamespaceComponent>, namespace: string, signal: AbortSignal): Promise<void>;
  /** Waits until their namespaces are gone, then removes them with what was in them; of one component or of a whole sandbox. */
  remove(sandboxId: string, component: string | null, signal: AbortSignal): Promise<void>;
  lacks(component: string, spec: SpecOf<'namespace'>): readonly string[];
}

interface HostVolume {
  readonly metadata: { readonly name: string; readonly finalizers?: readonly string[] };
  readonly spec: {
    readonly claimRef?: { readonly namespace: string };
    readonly nodeAffinity?: {
      readonly required?: {
        readonly nodeSelectorTerms: readonly {
          readonly matchExpressions?: readonly { readonly values?: readonly string[] }[];
        }[];
      };
    };
  };
}

/** The folder outlives a volume that is just deleted: nobody would find it again. */
const finalizer = 'labwright.dev/folder';
const lookMs = 150;
const hostname = 'kubernetes.io/hostname';
const volumeKind = { apiVersion: 'v1', kind: 'PersistentVolume' };

export function createVolumes({ cluster, installationId, storageClass, folders }: VolumeNeeds): Volumes {
  async function makeFolder(
    piece: Piece<NamespaceComponent>,
    namespace: string,
    [claim, megabytes]: readonly [string, number],
    into: HostFolders,
    signal: AbortSignal,
  ): Promise<string> {
    const name = `${namespace}-${claim}`;
    if ((await cluster.read({ ...volumeKind, name }, signal)) !== null) return name;
    const { path, node } = await into.make(name, signal);
    const facts = { ...piece.ref, role: 'component', createdAt: new Date() } as const;
    const values = [node];
    await cluster.apply(
      {
        ...volumeKind,
        metadata: { name, finalizers: [finalizer], ...componentMeta(installationId, facts) },
        spec: {
          capacity: { storage: `${megabytes}Mi` },
          accessModes: ['ReadWriteOnce'],
          persistentVolumeReclaimPolicy: 'Retain',
          storageClassName: '',
          // Nobody else can claim it.
          claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claim },
          hostPath: { path, type: 'Directory' },
          nodeAffinity: {
            required: {
              nodeSelectorTerms: [{ matchExpressions: [{ key: hostname, operator: 'In', values }] }],
            },
          },
        },
      },
      signal,
    );
    return name;
  }

  /** Nothing writes into it any more. */
  async function untilGone(name: string | undefined, signal: AbortSignal): Promise<void> {
    const at = { apiVersion: 'v1', kind: 'Namespace', name: name ?? '' };
    while (name !== undefined && (await cluster.read(at, signal)) !== null) {
      await delay(lookMs, undefined, { signal });
    }
  }

  async function removeFolder({ metadata, spec }: HostVolume, signal: AbortSignal): Promise<void> {
    const { name, finalizers = [] } = metadata;
    if (!finalizers.includes(finalizer)) return;
    const [term] = spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
    const node = term?.matchExpressions?.[0]?.values?.[0];
    if (folders !== null && node !== undefined) await folders.remove({ name, node }, signal);
    // The cluster takes away its own at the same time.
    const patch = { metadata: { '$deleteFromPrimitiveList/finalizers': [finalizer] } };
    await cluster.patch({ ...volumeKind, name }, patch, { type: 'strategic' }, signal);
  }

  return {
    async ensure(piece, namespace, signal) {
      for (const [name, megabytes] of Object.entries(piece.spec.storage)) {
        let from: object;
        if (storageClass !== null) from = { storageClassName: storageClass };
        else if (folders === null) throw new LabError('start_failed', missing(piece.ref.component));
        else {
          const volumeName = await makeFolder(piece, namespace, [name, megabytes], folders, signal);
          from = { storageClassName: '', volumeName };
        }
        await cluster.apply(
          {
            apiVersion: 'v1',
            kind: 'PersistentVolumeClaim',
            metadata: { name, namespace },
            spec: {
              accessModes: ['ReadWriteOnce'],
              resources: { requests: { storage: `${megabytes}Mi` } },
              ...from,
            },
          },
          signal,
        );
      }
    },
    async remove(sandboxId, component, signal) {
      const of = component === null ? '' : `,${label.component}=${labelValue(component)}`;
      const selector = selectorOf(installationId, sandboxId) + of;
      const found = await cluster.list<HostVolume>({ ...volumeKind, selector }, signal);
      for (const volume of found) {
        await untilGone(volume.spec.claimRef?.namespace, signal);
        await removeFolder(volume, signal);
        await cluster.remove({ ...volumeKind, name: volume.metadata.name }, {}, signal);
      }
      // One of the same name may be made next.
      while ((await cluster.list({ ...volumeKind, selector }, signal)).length > 0) {
        await delay(lookMs, undefined, { signal });
      }
    },
    lacks: (component, { storage }) =>
      Object.keys(storage).length > 0 && storageClass === null && folders === null
        ? [missing(component)]
        : [],
  };
}

const missing = (component: string) =>
  `Component "${component}" has storage, and the cluster is not told where to keep it: set KUBERNETES_STORAGE_CLASS to a ` +
  'StorageClass, or KUBERNETES_HOST_VOLUMES to a folder of its nodes.';
