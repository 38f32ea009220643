/** Volumes that are there from the start: of a StorageClass, or folders of a node where the cluster has none. */
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
  /** Folders and what was in them, once the namespace is gone; of one component or of a whole sandbox. */
  remove(sandboxId: string, component: string | null, signal: AbortSignal): Promise<void>;
  lacks(component: string, spec: SpecOf<'namespace'>): readonly string[];
}

interface HostVolume {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly hostPath?: { readonly path: string };
    readonly nodeAffinity?: {
      readonly required?: {
        readonly nodeSelectorTerms: readonly {
          readonly matchExpressions?: readonly { readonly values?: readonly string[] }[];
        }[];
      };
    };
  };
}

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
        metadata: { name, ...componentMeta(installationId, facts) },
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
      for (const { metadata, spec } of found) {
        const [term] = spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
        const node = term?.matchExpressions?.[0]?.values?.[0];
        if (spec.hostPath !== undefined && node !== undefined && folders !== null) {
          await folders.remove({ name: metadata.name, node }, signal);
        }
        await cluster.remove({ ...volumeKind, name: metadata.name }, {}, signal);
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
