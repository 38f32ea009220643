/** Components that are a trainee's own namespace: all that the backend does with them. */
import { readFile } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
import { LabError } from '../../../lab/errors.ts';
import type { Namespaces } from '../../../lab/namespaces.ts';
import type { SandboxPlan, ServicePlace } from '../../../lab/ports.ts';
import type { Environments } from '../../environment.ts';
import { pieceOfKind } from '../../part.ts';
import { currentCluster } from '../client-config.ts';
import type { OwnPlace } from '../options.ts';
import type { Cluster, PodDial, PodExec, Spaces } from '../types.ts';
import { createAccounts } from './accounts.ts';
import { createAdmission } from './admission-ensure.ts';
import { createHostFolders } from './host-folders.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { createLife } from './life.ts';
import { createNamespacePart, type NamespacePart } from './namespace-part.ts';
import { createObjects } from './objects.ts';
import { createTraineePods } from './pods.ts';
import { dialService } from './services.ts';
import { createVolumeReader } from './volume-reader.ts';
import { createVolumes } from './volumes.ts';

export interface TraineeNeeds {
  readonly installationId: string;
  readonly cluster: Cluster;
  readonly spaces: Spaces;
  readonly exec: PodExec;
  readonly dial: PodDial;
  readonly environments: Environments;
  readonly images: { readonly labwright: string };
  /** Where Labwright itself runs in the cluster; null: outside. */
  readonly own: OwnPlace | null;
  /** What trainees outside of the cluster call its API; null: as Labwright does, where it is outside itself. */
  readonly apiUrl: string | null;
  readonly storageClass: string | null;
  /** A folder of the nodes for volumes where there is no StorageClass; null: none. */
  readonly hostVolumes: string | null;
}

export interface Trainee {
  readonly part: NamespacePart;
  readonly namespaces: Namespaces;
  /** Throws LabError `backend_unavailable`; `extra.reason` is `refused` when nobody is ready behind the Service. */
  dial(plan: SandboxPlan, component: string, port: ServicePlace, signal: AbortSignal): Promise<Duplex>;
  /** What of a sandbox is outside of its namespaces; waits for those to go, which others remove meanwhile. */
  remove(sandboxId: string, signal: AbortSignal): Promise<void>;
  /** Before a sandbox is removed. */
  forget(sandboxId: string, namespaces: readonly string[]): void;
  close(): void;
}

const insideUrl = 'https://kubernetes.default.svc';

export function createTrainee(needs: TraineeNeeds): Trainee {
  const { installationId, cluster, spaces, exec, own, storageClass, hostVolumes } = needs;
  const accounts = createAccounts(cluster, spaces, installationId);
  const folders =
    hostVolumes === null
      ? null
      : createHostFolders({
          ...{ cluster, installationId, folder: hostVolumes, image: needs.images.labwright },
          namespace: `${spaces.shared}-volumes`,
        });
  const volumes = createVolumes({ cluster, installationId, storageClass, folders });
  const part = createNamespacePart({
    ...{ cluster, spaces, accounts, volumes, environments: needs.environments },
    admission: createAdmission(cluster),
    life: createLife({ cluster, spaces, installationId, own }),
  });
  const pods = createTraineePods(cluster, exec);
  const reader = createVolumeReader({ cluster, exec, image: needs.images.labwright });
  const piece = (plan: SandboxPlan, component: string) =>
    pieceOfKind(plan, component, 'namespace', 'objects of a cluster');
  const namespaceOf = (plan: SandboxPlan, component: string) => spaces.traineeOf(piece(plan, component).ref);

  const namespaces: Namespaces = {
    ...createObjects({ cluster, namespaceOf, asTrainee: accounts.asTrainee }),
    async kubeconfig(plan, components, from, until, signal) {
      const contexts = components.map((name) => [name, namespaceOf(plan, name)] as const);
      const server = from === 'inside' ? insideUrl : outsideUrl(needs);
      const { token, expiresAt } = await accounts.token(plan.sandboxId, until, signal);
      const trust = await trustOf(cluster.config);
      return { text: kubeconfigText({ server, ...trust, token, contexts }), expiresAt };
    },
    removeNamespace: (plan, component, signal) => part.end(piece(plan, component), signal),
    createNamespace: (plan, component, signal) => part.empty(piece(plan, component), signal),
    podLog: (plan, component, query, maxBytes, signal) =>
      pods.log(namespaceOf(plan, component), query, maxBytes, signal),
    podExec: (plan, component, query, argv, limits, signal) =>
      pods.exec(namespaceOf(plan, component), query, argv, limits, signal),
    async volumeFiles(plan, component, claim, query, signal) {
      const known = Object.keys(piece(plan, component).spec.storage);
      if (!known.includes(claim)) {
        const text = `volume: component "${component}" has no storage "${claim}"; it has: ${known.join(', ') || 'none'}.`;
        throw new LabError('bad_request', text);
      }
      return reader.find({ namespace: namespaceOf(plan, component), claim }, query, signal);
    },
  };

  return {
    part,
    namespaces,
    dial: (plan, component, port, signal) =>
      dialService({ cluster, dial: needs.dial }, namespaceOf(plan, component), port, signal),
    remove: (sandboxId, signal) => volumes.remove(sandboxId, null, signal),
    forget(sandboxId, gone) {
      accounts.forget(sandboxId);
      reader.forget(gone);
    },
    close: reader.close,
  };
}

function outsideUrl({ apiUrl, own, cluster }: TraineeNeeds): string {
  if (apiUrl !== null) return apiUrl;
  if (own === null) return currentCluster(cluster.config).server;
  const text =
    'This cluster has no address for trainees outside of it: use kubectl in the workspace, or set KUBERNETES_API_URL.';
  throw new LabError('backend_not_supported', text);
}

/** Whom to believe to be the cluster: as we do. */
async function trustOf(config: KubeConfig) {
  const { caData, caFile, skipTLSVerify } = currentCluster(config);
  const authority = caData ?? (caFile === undefined ? null : (await readFile(caFile)).toString('base64'));
  return { authority, skipVerify: skipTLSVerify === true };
}
