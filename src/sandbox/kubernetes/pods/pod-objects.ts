/** What the cluster is told of a container: a pod and what it needs. Pure; held as `restricted` asks, whatever it runs. */
import { posix } from 'node:path';
import type {
  V1Container,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodSecurityContext,
  V1Secret,
  V1SecurityContext,
  V1Service,
  V1Volume,
  V1VolumeMount,
} from '@kubernetes/client-node';
import { labUser } from '../../containers/types.ts';
import { annotation, componentMeta, label } from '../labels.ts';
import { labelValue } from '../names.ts';
import { labAccount } from '../spaces-objects.ts';
import { envOf, envSecret, filesOf, filesVolume } from './pod-files.ts';
import { resourcesOf } from './pod-limits.ts';
import type { PodSpec } from './pod-spec.ts';
import {
  filesFolder,
  idleCommand,
  onceCommand,
  sourceFolder,
  stateFolder,
  supervisorCommand,
} from './supervisor.ts';

export interface PodContext {
  readonly installationId: string;
  readonly namespace: string;
  /** Of the pod. */
  readonly name: string;
  /** Null: data go with the pod. */
  readonly storageClass: string | null;
  readonly runtimeClass: string | null;
  /** True: the image's own user would be root. */
  readonly isRootImage: boolean;
  readonly now: Date;
}

export interface PodObjects {
  readonly pod: V1Pod;
  readonly secrets: readonly V1Secret[];
  readonly services: readonly V1Service[];
  readonly claims: readonly V1PersistentVolumeClaim[];
}

/** Of the component in its pod. */
export const mainContainer = 'main';
/** How long a program may take over the end of its pod. */
const graceSeconds = 1;
const tmpMb = 64;
const [labUid = 999, labGid = 999] = labUser.split(':').map(Number);

/** `program`: process 1 is the supervisor, and the program its child. */
export type PodMode = 'program' | 'idle' | 'once' | 'plain';

export function modeOf({ idles, user, role }: PodSpec): PodMode {
  if (idles === true) return 'idle';
  if (user === 'image') return 'plain';
  return role === 'job' ? 'once' : 'program';
}

export function podObjects(spec: PodSpec, context: PodContext): PodObjects {
  const { ref, role } = spec;
  const { installationId, namespace, name } = context;
  const own = componentMeta(installationId, { ...ref, role, createdAt: context.now });
  const meta = { namespace, labels: own.labels, annotations: own.annotations };
  const files = filesOf(name, spec, meta);
  const env = envOf(name, spec, meta);
  const { volumes, mounts, claims } = storageOf(spec, context, meta);
  const all = files.volume === null ? volumes : [...volumes, files.volume];
  const inFiles = { name: filesVolume, mountPath: filesFolder, readOnly: true };
  const main = mainOf(spec, context, files.volume === null ? mounts : [...mounts, inFiles], env !== null);
  return {
    secrets: [...(env === null ? [] : [env]), ...files.secrets],
    services: role === 'job' ? [] : spec.aliases.map((alias) => serviceOf(alias, spec, context)),
    claims,
    pod: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...meta, name, annotations: { ...own.annotations, ...ownAnnotations(spec) } },
      spec: {
        ...hardened,
        ...(context.runtimeClass !== null && { runtimeClassName: context.runtimeClass }),
        hostname: spec.aliases[0] ?? ref.component,
        restartPolicy: modeOf(spec) === 'program' || modeOf(spec) === 'idle' ? 'Always' : 'Never',
        securityContext: podSecurity(spec, context),
        containers: [
          main,
          ...(spec.beside ?? []).map((one) => ({ ...one, securityContext: contained(false) })),
        ],
        volumes: [...all, ...(spec.volumes ?? [])],
      },
    },
  };
}

const hardened = {
  serviceAccountName: labAccount,
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  terminationGracePeriodSeconds: graceSeconds,
} as const;

function ownAnnotations({ mounts, stopSignal, unfilled }: PodSpec): Record<string, string> {
  const [source] = mounts;
  return {
    ...(source !== undefined && { [annotation.source]: source.volume }),
    ...(stopSignal !== undefined && { [annotation.stopSignal]: stopSignal.replace(/^SIG/, '') }),
    ...(unfilled === true && { [annotation.state]: 'unfilled' }),
  };
}

function podSecurity({ user }: PodSpec, { isRootImage }: PodContext): V1PodSecurityContext {
  const [uid = labUid, gid = uid] = user === 'image' ? [labUid, labGid] : user.split(':').map(Number);
  const whom = user === 'image' && !isRootImage ? {} : { runAsUser: uid, runAsGroup: gid };
  return {
    runAsNonRoot: true,
    ...whom,
    fsGroup: gid,
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

const contained = (writableRoot: boolean): V1SecurityContext => ({
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  privileged: false,
  readOnlyRootFilesystem: !writableRoot,
});

function mainOf(
  spec: PodSpec,
  context: PodContext,
  mounts: readonly V1VolumeMount[],
  hasEnv: boolean,
): V1Container {
  const { image, workingDir, limits, writableRoot, ports } = spec;
  const [first] = ports ?? [];
  const mode = modeOf(spec);
  return {
    name: mainContainer,
    image,
    imagePullPolicy: 'IfNotPresent',
    ...commandOf(spec, mode),
    ...(workingDir !== undefined && { workingDir }),
    ...(hasEnv && { envFrom: [{ secretRef: { name: envSecret(context.name) } }] }),
    resources: resourcesOf(limits),
    securityContext: contained(writableRoot),
    volumeMounts: [...mounts],
    // Not what is waited for: it tells whoever watches pods that something stopped.
    ...(first !== undefined && {
      readinessProbe: {
        tcpSocket: { port: first },
        ...{ periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 1 },
      },
    }),
  };
}

/** Throws an error where the supervisor would not know what to run: only an image that is not ours has its own words. */
function commandOf(
  { entrypoint, command, mounts, ref, unfilled }: PodSpec,
  mode: PodMode,
): Pick<V1Container, 'command' | 'args'> {
  if (mode === 'idle') return { command: [...idleCommand] };
  if (mode === 'plain') {
    return {
      ...(entrypoint !== undefined && { command: [...entrypoint] }),
      ...(command !== undefined && { args: [...command] }),
    };
  }
  const argv = [...(entrypoint ?? []), ...(command ?? [])];
  if (argv.length === 0) throw new Error(`Component "${ref.component}" has nothing to run.`);
  if (mode === 'once') return { command: onceCommand(argv) };
  return { command: supervisorCommand(mounts.length > 0 || unfilled === true ? 'wait' : 'go', argv) };
}

function storageOf(
  { mounts, ownFolder, tmpfs, limits, data = [], ref }: PodSpec,
  { storageClass, name: pod }: PodContext,
  meta: object,
) {
  const volumes: V1Volume[] = [];
  const places: V1VolumeMount[] = [];
  const claims: V1PersistentVolumeClaim[] = [];
  const add = (name: string, path: string | null, volume: object, more: object = {}) => {
    volumes.push({ name, ...volume });
    if (path !== null) places.push({ name, mountPath: path, ...more });
  };
  const disk = { emptyDir: { sizeLimit: `${limits.diskMb}Mi` } };
  const memory = (megabytes: number) => ({ emptyDir: { medium: 'Memory', sizeLimit: `${megabytes}Mi` } });

  add('state', stateFolder, { emptyDir: { sizeLimit: '16Mi' } });
  add('tmp', '/tmp', memory(tmpMb));
  Object.entries(tmpfs).forEach(([path, megabytes], index) => {
    add(`memory-${index}`, posix.normalize(path), memory(megabytes));
  });
  if (ownFolder !== undefined) add('own', ownFolder, disk);
  for (const { path, readOnly } of mounts.slice(0, 1)) {
    add('source', sourceFolder, disk);
    places.push({ name: 'source', mountPath: path, readOnly });
  }
  for (const { name, path, megabytes } of data) {
    if (storageClass === null) {
      add(name, path, { emptyDir: { sizeLimit: `${megabytes}Mi` } });
      continue;
    }
    const claim = `${pod}-${name}`;
    claims.push(claimOf(claim, storageClass, megabytes, meta));
    add(name, path, { persistentVolumeClaim: { claimName: claim } });
  }
  if (mounts.length > 1) throw new Error(`Component "${ref.component}" runs from more than one workspace.`);
  return { volumes, mounts: places, claims };
}

function claimOf(
  name: string,
  storageClassName: string,
  megabytes: number,
  meta: object,
): V1PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { ...meta, name },
    spec: {
      storageClassName,
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: `${megabytes}Mi` } },
    },
  };
}

/**
 * The component's name for all of its generations. With an address of its own, which stays while pods come and go; where
 * nothing listens, the pod's.
 */
function serviceOf(alias: string, { ref, ports = [] }: PodSpec, context: PodContext): V1Service {
  const { installationId, namespace, now } = context;
  const { labels, annotations } = componentMeta(installationId, {
    ...ref,
    role: 'component',
    createdAt: now,
  });
  const { [label.generation]: generation, ...all } = labels;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: alias, namespace, labels: all, annotations },
    spec: {
      selector: {
        [label.component]: labelValue(ref.component),
        [label.generation]: String(generation),
        [label.role]: 'component',
      },
      publishNotReadyAddresses: true,
      ...(ports.length === 0
        ? { clusterIP: 'None' }
        : { ports: ports.map((port) => ({ name: `p${port}`, port, targetPort: port, protocol: 'TCP' })) }),
    },
  };
}
