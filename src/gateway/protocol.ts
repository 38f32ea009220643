/**
 * What Labwright and the agent in a lab's gateway say to one another over the agent's input and output: frames of many
 * channels. Labwright opens channels; the agent accepts one or resets it with a reason.
 *
 * Not HTTP/2: Node's can be lost by an assertion of its own, and the whole process with it, when what it runs over is
 * no socket and breaks while it writes (7 times in 150, Node 24.21). A `docker exec` is no socket, and agents get killed.
 */

import type { FileQuery } from '../lab/ports.ts';

/** Channels at once. */
export const mostChannels = 256;
/** How far the writer of a channel may be ahead of its reader. */
export const channelWindow = 256 * 1024;
export const largestFrame = 64 * 1024;
/** What a request on files may bring, and how much is read for one: it is in the gateway's memory. */
export const largestBody = 64 * 1024 * 1024;
export const largestAnswer = 32 * 1024 * 1024;
/** Our side says something at least so often … */
export const pingEveryMs = 20_000;
/** … and whoever has heard nothing for so long has nobody at the other end. */
export const silentForMs = 90_000;

/** Where volumes are in a gateway: of workspaces by component, of another sandbox's to be copied, and its own. */
export const gatewayFolders = { workspaces: '/workspaces', origins: '/origins', notes: '/notes' } as const;

/** Why a connection was not made. */
const refusals = ['refused', 'no_such_name', 'timed_out', 'not_allowed', 'unreachable'] as const;
export type Refusal = (typeof refusals)[number];

/** What a channel is opened for: a connection, or a request on files whose body follows. */
export type Opening =
  | { readonly kind: 'dial'; readonly host: string; readonly port: number }
  | { readonly kind: 'files'; readonly request: FilesRequest };

export interface WorkspaceAt {
  readonly component: string;
  readonly generation: number;
}

export type FilesRequest =
  | { readonly do: 'generation'; readonly component: string }
  /** The body is packed files; none where it is copied from an origin. */
  | { readonly do: 'fill'; readonly workspace: WorkspaceAt; readonly origin: WorkspaceAt | null }
  /** Answered by an archive of it, which `unpack` takes as its body in another gateway, or a program for itself. */
  | { readonly do: 'pack'; readonly workspace: WorkspaceAt }
  | { readonly do: 'unpack'; readonly workspace: WorkspaceAt }
  | { readonly do: 'find'; readonly workspace: WorkspaceAt; readonly query: FileQuery }
  /** The body is the content. */
  | { readonly do: 'write'; readonly workspace: WorkspaceAt; readonly path: string }
  | { readonly do: 'is-folder'; readonly workspace: WorkspaceAt; readonly path: string }
  | {
      readonly do: 'scan';
      readonly workspace: WorkspaceAt;
      readonly folder: string;
      readonly editable: readonly string[];
    }
  /** Answered by a byte for each change. */
  | { readonly do: 'watch'; readonly workspace: WorkspaceAt; readonly folder: string }
  | { readonly do: 'note'; readonly component: string; readonly note: string }
  | { readonly do: 'noted'; readonly component: string };

/** Said with a reset; `code` is a LabError's. */
export type Reason =
  | { readonly refusal: Refusal }
  | { readonly code: string; readonly message: string }
  | { readonly lost: true };
