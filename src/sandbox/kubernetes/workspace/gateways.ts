/** The ways into a lab: connections to its pods, and its workspaces by the agents beside them. */
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { V1Pod } from '@kubernetes/client-node';
import type { FilesRequest } from '../../../gateway/protocol.ts';
import { LabError } from '../../../lab/errors.ts';
import { createGatewayFiles } from '../../containers/gateway-files.ts';
import type { Gateway, GatewayFiles, Gateways, WorkspaceRef } from '../../containers/types.ts';
import { dialError, dialReason } from '../dial/dial-error.ts';
import { label } from '../labels.ts';
import { labelValue } from '../names.ts';
import { foundPod, placeOf, runs } from '../pods/found-pod.ts';
import type { PodDial } from '../types.ts';
import { type AgentsNeeds, agentContainer, agentGone, createAgents } from './agents.ts';

export interface PodGateways extends Gateways {
  /** An archive of a workspace as it is now. */
  packed(sandboxId: string, component: string, signal: AbortSignal): Promise<Readable>;
  /** Its pod goes, or has just come: what was open to it is of no use. */
  leave(sandboxId: string, component: string): void;
}

export interface GatewaysNeeds extends AgentsNeeds {
  readonly dial: PodDial;
}

export function createGateways(needs: GatewaysNeeds): PodGateways {
  const { cache, spaces, dial } = needs;
  const agents = createAgents(needs);
  /** Of forks: what they are copied from. */
  const origins = new Map<string, string>();

  async function newest(sandboxId: string, component: string, signal: AbortSignal): Promise<V1Pod | null> {
    const pods = await cache.of(spaces.controlOf(sandboxId), signal);
    const mine = pods.filter(
      (pod) => pod.metadata?.labels?.[label.component] === labelValue(component) && runs(pod),
    );
    const generation = (pod: V1Pod) => foundPod(pod)?.generation ?? -1;
    const [last] = mine.filter((pod) => foundPod(pod) !== null).sort((a, b) => generation(b) - generation(a));
    return last ?? null;
  }

  async function pack(sandboxId: string, workspace: WorkspaceRef, signal: AbortSignal): Promise<Readable> {
    const request: FilesRequest = { do: 'pack', workspace };
    return agents.of(sandboxId, workspace.component).channel({ kind: 'files', request }, null, signal);
  }

  function filesOf(sandboxId: string): GatewayFiles {
    const of = (component: string) => createGatewayFiles(agents.of(sandboxId, component));

    async function copy(workspace: WorkspaceRef, origin: WorkspaceRef, signal: AbortSignal): Promise<void> {
      const from = origins.get(sandboxId);
      if (from === undefined) throw new LabError('internal', 'A workspace was to be copied from nowhere.');
      const archive = await pack(from, origin, signal);
      const request: FilesRequest = { do: 'unpack', workspace };
      const opening = { kind: 'files', request } as const;
      // Its answer is read to its end: then it is whole.
      await buffer(await agents.of(sandboxId, workspace.component).channel(opening, archive, signal));
    }

    return {
      generation: (component, signal) => of(component).generation(component, signal),
      async fill(workspace, from, signal) {
        if ('origin' in from) await copy(workspace, from.origin, signal);
        else await of(workspace.component).fill(workspace, from, signal);
      },
      find: (workspace, query, signal) => of(workspace.component).find(workspace, query, signal),
      write: (workspace, ...more) => of(workspace.component).write(workspace, ...more),
      isFolder: (workspace, path, signal) => of(workspace.component).isFolder(workspace, path, signal),
      scan: (workspace, ...more) => of(workspace.component).scan(workspace, ...more),
      watch: (workspace, ...more) => of(workspace.component).watch(workspace, ...more),
      noted: async (component, signal) => (await notes(signal)).noted(component, signal),
      note: async (component, note, signal) => (await notes(signal)).note(component, note, signal),
    };

    /** Notes on programs are beside a workspace, in a lab of several beside the first by name. */
    async function notes(signal: AbortSignal): Promise<GatewayFiles> {
      const pods = await cache.of(spaces.controlOf(sandboxId), signal);
      const [first] = pods
        .filter(hasAgent)
        .flatMap((pod) => foundPod(pod)?.component ?? [])
        .sort();
      if (first === undefined) throw agentGone('The lab has no workspace that runs.');
      return of(first);
    }
  }

  return {
    async ensure({ sandboxId, originId }) {
      if (originId !== null) origins.set(sandboxId, originId);
    },
    async open(sandboxId): Promise<Gateway> {
      return {
        files: filesOf(sandboxId),
        async dial(host, port, signal) {
          const pod = await newest(sandboxId, host, signal);
          const found = pod === null ? null : foundPod(pod);
          if (found === null || found.state === 'exited') throw dialError('no_such_name', host, port);
          const at = placeOf(found.id);
          try {
            return await dial.dial(at.namespace, at.pod, port, signal);
          } catch (thrown) {
            const reason = dialReason(thrown);
            throw reason === null ? thrown : dialError(reason, host, port);
          }
        },
      };
    },
    async packed(sandboxId, component, signal) {
      const files = createGatewayFiles(agents.of(sandboxId, component));
      const generation = await files.generation(component, signal);
      if (generation === null) {
        throw new LabError('backend_unavailable', `The files of "${component}" are not there yet.`);
      }
      return pack(sandboxId, { component, generation }, signal);
    },
    leave: agents.leave,
    forget(sandboxId) {
      origins.delete(sandboxId);
      agents.forget(sandboxId);
    },
    close: agents.close,
  };
}

const hasAgent = (pod: V1Pod) =>
  pod.spec?.containers.some(({ name }) => name === agentContainer) === true &&
  !pod.metadata?.deletionTimestamp;
