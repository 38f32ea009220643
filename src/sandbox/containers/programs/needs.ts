/** What the programs of labs are made with, and what their containers have in common. */
import type { ComponentAccess, SandboxPlan } from '../../../lab/ports.ts';
import type { ComponentSpec, PostgresComponent } from '../../../templates/types.ts';
import type { Environments } from '../../environment.ts';
import type { Sources } from '../../files/sources.ts';
import type { WorkspaceContents } from '../../files/workspace-contents.ts';
import type { InFlight } from '../../in-flight.ts';
import type { ResourceRef } from '../../naming.ts';
import type { Piece } from '../../part.ts';
import type { DeriveSecret } from '../../secrets.ts';
import { limitsOf } from '../limits.ts';
import {
  type ContainerImages,
  type ContainerSpec,
  type Containers,
  type Gateways,
  labUser,
} from '../types.ts';

export interface ProgramNeeds {
  readonly containers: Containers;
  readonly gateways: Gateways;
  /** Makes network, volumes and gateway of a sandbox where they are not there. */
  readonly openGateway: (plan: SandboxPlan, signal: AbortSignal) => Promise<void>;
  /** Makes a workspace that is not there yet. */
  readonly ensureWorkspace: (plan: SandboxPlan, shell: string, signal: AbortSignal) => Promise<void>;
  /** Name of the volume that a shell's workspaces are in. */
  readonly workspaceVolume: (sandboxId: string, shell: string) => string;
  readonly sources: Sources;
  readonly contents: WorkspaceContents;
  readonly inFlight: InFlight;
  readonly environments: Environments;
  readonly databases: { apiUrl(piece: Piece<PostgresComponent>): string };
  readonly secrets: DeriveSecret;
  readonly access: (plan: SandboxPlan, component: string) => ComponentAccess;
  readonly images: Pick<ContainerImages, 'labwright' | 'redis' | 'workspace'>;
  /** Says that an image is not there and how to get it; null where it is there, or that is not known. */
  readonly missingImage: (image: string) => string | null;
  /** Aborted when the driver is closed. */
  readonly closing: AbortSignal;
}

/** Our image holds all labs with their solutions: nothing that trainees speak to may read them. */
export const ourMask: ContainerSpec['tmpfs'] = { '/app/lab-templates': 1 };

/** The folder of its own that goes with its container. */
export const ownFolderOf = ({ component }: ResourceRef) => `/lab/${component}`;

/** In the sandbox's network under the component's name, as a user without rights, and nothing of its own to write to. */
export function plainProgram({ ref, spec }: Piece): Omit<ContainerSpec, 'image' | 'env'> {
  return {
    ref,
    role: 'component',
    user: labUser,
    aliases: [ref.component],
    network: true,
    mounts: [],
    writableRoot: false,
    tmpfs: {},
    limits: limitsOf(spec),
  };
}

/** A heap of Node.js that ends before its container does: what it says of itself then is more than that it was ended. */
export const heapOption = (spec: ComponentSpec) =>
  `--max-old-space-size=${Math.floor(limitsOf(spec).memoryMb * 0.7)}`;
