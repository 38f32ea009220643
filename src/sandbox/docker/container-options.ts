/** What the engine is told of a container. Pure; nothing here is up to a template but what `ContainerSpec` has. */
import { posix } from 'node:path';
import type { ContainerCreateOptions, HostConfig, MountSettings } from 'dockerode';
import { type ContainerSpec, labUser } from '../containers/types.ts';
import { containerLabels, sandboxLabels } from './labels.ts';

export interface ContainerContext {
  readonly installationId: string;
  readonly name: string;
  /** The sandbox's. */
  readonly network: string;
  /** Who runs in it; see `userOf`. */
  readonly user: string;
  readonly now: Date;
  /** False where the engine's storage driver cannot keep a layer small. */
  readonly limitsDisk: boolean;
}

const mega = 1024 * 1024;

export function containerOptions(spec: ContainerSpec, context: ContainerContext): ContainerCreateOptions {
  const { ref, role, aliases, network } = spec;
  return {
    name: context.name,
    Image: spec.image,
    ...(spec.entrypoint !== undefined && { Entrypoint: [...spec.entrypoint] }),
    ...(spec.command !== undefined && { Cmd: [...spec.command] }),
    ...(spec.workingDir !== undefined && { WorkingDir: spec.workingDir }),
    User: context.user,
    ...(spec.stopSignal !== undefined && { StopSignal: spec.stopSignal }),
    Hostname: aliases[0] ?? ref.component,
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    Labels: containerLabels(context.installationId, { ...ref, role, createdAt: context.now }),
    // An image's own would wake up every 30 s in each of its containers.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: hostConfig(spec, context),
    ...(network && {
      NetworkingConfig: { EndpointsConfig: { [context.network]: { Aliases: [...aliases] } } },
    }),
  };
}

function hostConfig(spec: ContainerSpec, context: ContainerContext): HostConfig {
  const { limits } = spec;
  return {
    NetworkMode: spec.network ? context.network : 'none',
    // The engine would carry questions about names of the world out of a network that has no way out. Nothing answers
    // here, so only the names of the sandbox are known.
    ...(spec.network && { Dns: ['127.0.0.1'], DnsOptions: ['timeout:1', 'attempts:1'], DnsSearch: ['.'] }),
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    Privileged: false,
    ReadonlyRootfs: !spec.writableRoot,
    Tmpfs: tmpfs(spec, context),
    Mounts: mounts(spec, context),
    IpcMode: 'private',
    // Collects what a program leaves, and hands signals on.
    Init: true,
    RestartPolicy: { Name: 'no' },
    // Before anything of the platform, where the machine runs out of memory.
    OomScoreAdj: 500,
    Memory: limits.memoryMb * mega,
    // Both together: no swap.
    MemorySwap: limits.memoryMb * mega,
    NanoCpus: Math.round(limits.cpu * 1e9),
    PidsLimit: limits.pids,
    Ulimits: [
      { Name: 'nofile', Soft: 16_384, Hard: 16_384 },
      { Name: 'core', Soft: 0, Hard: 0 },
    ],
    ...(context.limitsDisk && spec.writableRoot && { StorageOpt: { size: `${limits.diskMb}m` } }),
    LogConfig: { Type: 'json-file', Config: { 'max-size': '5m', 'max-file': '2' } },
  };
}

/** What is written to /tmp counts as the container's memory. */
function tmpfs({ tmpfs }: ContainerSpec, { user }: ContainerContext): Record<string, string> {
  const { uid, gid } = ownerOf(user);
  const own = Object.entries(tmpfs).map(([path, megabytes]) => [
    path,
    `rw,nosuid,nodev,size=${megabytes}m,uid=${uid},gid=${gid},mode=0700`,
  ]);
  return { '/tmp': 'rw,exec,nosuid,nodev,size=64m,mode=1777', ...Object.fromEntries(own) };
}

/** @param imageUser what the image says of its user; nobody is root, whatever it says. */
export function userOf({ user }: ContainerSpec, imageUser: string): string {
  if (user !== 'image') return user;
  return /^(root|0*)(:|$)/.test(imageUser) ? labUser : imageUser;
}

/** In numbers; of a name that only an image knows, the lab's user. */
export function ownerOf(user: string): { readonly uid: number; readonly gid: number } {
  const [, uid, gid = uid] = /^(\d+)(?::(\d+))?$/.exec(user) ?? [null, ...labUser.split(':')];
  return { uid: Number(uid), gid: Number(gid) };
}

/** Labels are for those that the engine makes with the container; what an image holds in their place stays out. */
function mounts({ ref, mounts, ownFolder }: ContainerSpec, context: ContainerContext): MountSettings[] {
  const Labels = sandboxLabels(context.installationId, ref.sandboxId, context.now);
  const made = { NoCopy: true, Labels, DriverConfig: { Name: 'local', Options: {} } };
  const named = mounts.map(({ volume, path, readOnly }) => ({
    Type: 'volume' as const,
    Source: volume,
    Target: path,
    ReadOnly: readOnly,
    VolumeOptions: made,
  }));
  if (ownFolder === undefined) return named;
  return [{ Type: 'volume', Source: '', Target: ownFolderMount(ownFolder), VolumeOptions: made }, ...named];
}

/**
 * Where the volume of `ownFolder` is: a folder above it, because a volume's own root can be given to nobody but root
 * from outside, while a folder in it can. What the image has there is hidden.
 */
export function ownFolderMount(ownFolder: string): string {
  const mount = posix.dirname(posix.normalize(ownFolder));
  if (mount.length > 1 && mount.startsWith('/')) return mount;
  throw new Error(`A container's own folder is two folders deep, such as /data/own, and not "${ownFolder}".`);
}
