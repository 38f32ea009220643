/**
 * A lab that is made of containers: what the parts of such a backend are to one another, whoever runs the containers.
 * `docker` and `kubernetes` implement `Containers` and `Gateways`; programs, workspaces and databases are built on them.
 */
import type { Duplex } from 'node:stream';
import type {
  ExecLimits,
  ExecResult,
  FileFound,
  FileQuery,
  Terminal,
  TerminalSize,
} from '../../lab/ports.ts';
import type { ComponentLimits } from '../../templates/types.ts';
import type { SourceScan } from '../files/source-files.ts';
import type { ResourceRef } from '../naming.ts';

/** Images by what they are for. */
export interface ContainerImages {
  /** Labwright's own: the sample API, partners, loads, and what looks into workspaces. */
  readonly labwright: string;
  /** Debian based, uid 999 is the server's. */
  readonly postgres: string;
  readonly redis: string;
  /** Workspaces: made by the same Dockerfile, target `workspace`. */
  readonly workspace: string;
}

/** Everybody in a sandbox is this user: no container has root, nor a way to it. */
export const labUser = '999:999';

/** `gateway` is a component of its own kind; a `job` runs to its end. */
export type ContainerRole = 'component' | 'gateway' | 'job';

/** Everything of a container; `containerOptions` makes the engine's words of it, hardened. */
export interface ContainerSpec {
  readonly ref: ResourceRef;
  readonly role: ContainerRole;
  /** A name, or the id of an image that was committed. */
  readonly image: string;
  /** Absent: the image's. */
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir?: string;
  /** `image`: the image's own user, who is `labUser` where that would be root. */
  readonly user: string | 'image';
  /** Names that others in the sandbox find it by; empty: none. */
  readonly aliases: readonly string[];
  /** Where its program listens, the main one first; absent: nowhere. */
  readonly ports?: readonly number[];
  /** False: no network at all. */
  readonly network: boolean;
  readonly mounts: readonly VolumeMount[];
  /** Path of a folder of its own that goes with it; `files` may be put there. */
  readonly ownFolder?: string;
  /** Written before its first start, as `labUser`; absolute paths, in `ownFolder`, or anywhere with `writableRoot`. */
  readonly files?: ReadonlyMap<string, { readonly content: Uint8Array; readonly mode: number }>;
  /** Only where its data is kept in its own layer. */
  readonly writableRoot: boolean;
  /** Path → megabytes, besides /tmp. */
  readonly tmpfs: Readonly<Record<string, number>>;
  readonly limits: Required<ComponentLimits>;
  /** Absent: SIGTERM. */
  readonly stopSignal?: string;
}

export interface VolumeMount {
  readonly volume: string;
  readonly path: string;
  readonly readOnly: boolean;
}

export type ContainerState = 'created' | 'running' | 'paused' | 'exited';

export interface FoundContainer {
  readonly id: string;
  readonly name: string;
  readonly role: ContainerRole;
  readonly sandboxId: string;
  readonly component: string;
  readonly generation: number;
  readonly state: ContainerState;
  /** False while it has no network, and when its network was taken from it. */
  readonly attached: boolean;
  readonly createdAt: Date;
}

export interface Containers {
  /** Of one sandbox, in one request. */
  find(sandboxId: string, signal: AbortSignal): Promise<readonly FoundContainer[]>;
  /**
   * Running when it returns: created with its files, or started again with what it held. A half-made one of a maker that
   * is gone is made anew. Idempotent by its name.
   */
  ensure(spec: ContainerSpec, signal: AbortSignal): Promise<FoundContainer>;
  /**
   * What of it takes long and runs nothing yet, where nothing of its component is there; `ensure` goes on from it. Absent:
   * a container is there as fast as it is asked for.
   */
  early?(spec: ContainerSpec, signal: AbortSignal): Promise<void>;
  /** Nothing when it has ended; killed when it takes longer than `withinMs`. */
  stop(id: string, withinMs: number, signal: AbortSignal): Promise<void>;
  /** STOP and CONT hold and release all of its processes; KILL and TERM return when it has ended. */
  kill(id: string, by: 'KILL' | 'TERM' | 'STOP' | 'CONT', signal: AbortSignal): Promise<void>;
  /** Ends it and starts it again. */
  restart(id: string, signal: AbortSignal): Promise<void>;
  /** With its own folder; what is absent is a success. */
  remove(id: string, signal: AbortSignal): Promise<void>;
  /** Why it ended, as `ended with exit code 1`: also out of memory, or that it could not be started; null while it runs, and before. */
  ending(id: string, signal: AbortSignal): Promise<string | null>;
  /** The newest of what it printed; `this run`: since it was last started, and not before. */
  logs(id: string, maxBytes: number, signal: AbortSignal, of?: 'all' | 'this run'): Promise<string>;
  /**
   * An image of its layer as it is now, held still for that moment where it runs; labelled with `of` as what makes the
   * copy necessary (it goes when that sandbox is destroyed), or with a tag and no owner.
   */
  commit(
    id: string,
    as:
      | { readonly owner: string }
      | { readonly tag: string; readonly labels: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): Promise<string>;
  /** Runs a job to its end and removes it; what it printed, at most 64 kB. */
  run(
    spec: ContainerSpec,
    signal: AbortSignal,
  ): Promise<{ readonly exitCode: number; readonly output: string }>;
  /** Runs a program in a running container, as `ExecLimits` allows; it and all that it started are ended at the limit. */
  exec(
    id: string,
    program: {
      readonly argv: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly cwd: string;
    },
    limits: ExecLimits,
    signal: AbortSignal,
  ): Promise<ExecResult>;
  /** A shell on a terminal of its own. */
  terminal(
    id: string,
    program: {
      readonly argv: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly cwd: string;
    },
    size: TerminalSize,
    signal: AbortSignal,
  ): Promise<Terminal>;
  /** A program whose input and output are a byte stream; what it says on stderr goes to the log. Ends with the stream. */
  pipe(id: string, argv: readonly string[], signal: AbortSignal): Promise<Duplex>;
}

/** A sandbox's network, made at need; with the volumes of its workspaces. */
export interface Networks {
  /** Throws LabError `backend_busy` while the pool of subnets is used up. Gives its name. */
  ensure(sandboxId: string, signal: AbortSignal): Promise<string>;
  remove(sandboxId: string, signal: AbortSignal): Promise<void>;
}

/** A workspace: a folder of its sandbox's volume for this component, one a generation. */
export interface WorkspaceRef {
  readonly component: string;
  readonly generation: number;
}

export interface GatewayPlan {
  readonly sandboxId: string;
  /** Shell components whose volumes it has, writable, at `/workspaces/<component>`. */
  readonly workspaces: readonly string[];
  /** The sandbox whose workspaces of the same names it can read, at `/origins/<component>`; null: none. */
  readonly originId: string | null;
}

export interface Gateways {
  /** Network, volumes and the gateway container; free when they are there. */
  ensure(plan: GatewayPlan, signal: AbortSignal): Promise<void>;
  /** The way in; opened at need and kept while it is used. Throws `backend_unavailable` when the gateway does not run. */
  open(sandboxId: string, signal: AbortSignal): Promise<Gateway>;
  /** Ends what is open; the container goes with the sandbox. */
  forget(sandboxId: string): void;
  close(): void;
}

export interface Gateway {
  /** A connection from the gateway to a name in the sandbox's network. Throws `backend_unavailable`. */
  dial(host: string, port: number, signal: AbortSignal): Promise<Duplex>;
  readonly files: GatewayFiles;
}

/** Files of workspaces, with the same promises as on the process backend: links are never followed. */
export interface GatewayFiles {
  /** The highest whole generation of a workspace; null: none. */
  generation(component: string, signal: AbortSignal): Promise<number | null>;
  /** Makes it whole or not at all, and removes lower ones; nothing when it or a higher one is there. */
  fill(
    workspace: WorkspaceRef,
    from: { readonly contents: ReadonlyMap<string, Uint8Array> } | { readonly origin: WorkspaceRef },
    signal: AbortSignal,
  ): Promise<void>;
  find(workspace: WorkspaceRef, query: FileQuery, signal: AbortSignal): Promise<readonly FileFound[]>;
  write(workspace: WorkspaceRef, path: string, content: Uint8Array, signal: AbortSignal): Promise<void>;
  isFolder(workspace: WorkspaceRef, path: string, signal: AbortSignal): Promise<boolean>;
  scan(
    workspace: WorkspaceRef,
    folder: string,
    editable: readonly string[],
    signal: AbortSignal,
  ): Promise<SourceScan>;
  /** What `note` was given last for this component, also by another Labwright; null: nothing. */
  noted(component: string, signal: AbortSignal): Promise<string | null>;
  note(component: string, note: string, signal: AbortSignal): Promise<void>;
  /** Calls `onChange` a moment after something below the folder was changed; ends with `close` and with the gateway. */
  watch(workspace: WorkspaceRef, folder: string, onChange: () => void): { close(): void };
}

/** Where a workspace is, for those who are in its container or run from it. */
export const workspacePath = ({ component, generation }: WorkspaceRef): string =>
  `/lab/${component}/${generation}`;
/** Where the whole volume is. */
export const workspaceVolumePath = (component: string): string => `/lab/${component}`;
