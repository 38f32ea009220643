/** What an engine can do for labs and what it has of what they need: asked once, for people. */
import { createEngine, type EngineOptions } from './engine.ts';
import { freeSubnets, subnetsOf } from './subnets.ts';

export interface EngineFacts {
  /** Of the engine, such as `28.3.0`. */
  readonly version: string;
  readonly system: string;
  /** Whoever speaks to a rootless engine is its user on the host, and not root. */
  readonly isRootless: boolean;
  readonly storage: { readonly driver: string; readonly limitsDisk: boolean };
  /** Limits that it cannot hold containers to, in its words for them. */
  readonly lacks: readonly string[];
  readonly images: ReadonlyMap<string, boolean>;
  readonly subnets: { readonly free: number; readonly all: number };
}

/** Throws LabError as `createEngine` and its `ask` do. */
export async function readEngineFacts(
  options: EngineOptions & { readonly images: readonly string[]; readonly subnets: string },
  signal: AbortSignal,
): Promise<EngineFacts> {
  const engine = createEngine(options);
  try {
    const info = (await engine.ask('tell about itself', (docker) => docker.info(), signal)) as EngineInfo;
    const [images, networks] = await Promise.all([
      engine.ask('list images', (docker, abortSignal) => docker.listImages({ abortSignal }), signal),
      engine.ask('list networks', (docker, abortSignal) => docker.listNetworks({ abortSignal }), signal),
    ]);
    const names = new Set(images.flatMap(({ RepoTags }) => RepoTags ?? []));
    const taken = networks.flatMap(({ IPAM }) => (IPAM?.Config ?? []).flatMap(({ Subnet }) => Subnet ?? []));
    const all = subnetsOf(options.subnets);
    return {
      version: info.ServerVersion,
      system: info.OperatingSystem,
      isRootless: (info.SecurityOptions ?? []).some((one) => one.includes('name=rootless')),
      storage: { driver: info.Driver, limitsDisk: limitsDisk(info) },
      lacks: limits.filter(([, can]) => !can(info)).map(([name]) => name),
      images: new Map(options.images.map((name) => [name, names.has(withTag(name))])),
      subnets: { free: freeSubnets(options.subnets, taken, 0, all).length, all },
    };
  } finally {
    engine.close();
  }
}

interface EngineInfo {
  readonly ServerVersion: string;
  readonly OperatingSystem: string;
  readonly Driver: string;
  readonly DriverStatus?: readonly (readonly [string, string])[] | null;
  readonly SecurityOptions?: readonly string[] | null;
  readonly MemoryLimit?: boolean;
  readonly SwapLimit?: boolean;
  readonly CpuCfsQuota?: boolean;
  readonly PidsLimit?: boolean;
}

const limits: readonly (readonly [string, (info: EngineInfo) => boolean])[] = [
  ['memory', (info) => info.MemoryLimit === true],
  ['swap', (info) => info.SwapLimit === true],
  ['processor time', (info) => info.CpuCfsQuota === true],
  ['number of processes', (info) => info.PidsLimit === true],
];

/** With overlay2 only on XFS, and there only where it is mounted with `pquota`, which the engine does not tell. */
function limitsDisk({ Driver, DriverStatus }: EngineInfo): boolean {
  if (Driver !== 'overlay2') return ['btrfs', 'zfs'].includes(Driver);
  return (DriverStatus ?? []).some(([what, value]) => what === 'Backing Filesystem' && value === 'xfs');
}

/** As the engine lists it: a name without a tag means `latest`. */
function withTag(name: string): string {
  return /:[^/]+$/.test(name) ? name : `${name}:latest`;
}
