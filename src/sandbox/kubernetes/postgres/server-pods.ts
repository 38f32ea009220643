/** Labs' servers in pods: each waits for its data, which come from a prepared one or from another lab's server. */
import type { PreparedDatabases } from '../../containers/postgres/prepared-databases.ts';
import { firstFiles, serverContainer, serverHome } from '../../containers/postgres/server.ts';
import type { Original, Servers } from '../../containers/postgres/servers.ts';
import type { Turns } from '../../containers/postgres/turns.ts';
import type { ContainerImages, Containers, FoundContainer } from '../../containers/types.ts';
import type { PodSpec } from '../pods/pod-spec.ts';
import type { Cluster, Spaces } from '../types.ts';
import { receivedLabel } from './data-port.ts';
import type { PreparedPods } from './prepared-pods.ts';
import { receiveProgram } from './receive-program.ts';
import { sendProgram } from './send-program.ts';
import { type Source, transferData } from './transfer.ts';

export interface ServerNeeds {
  readonly cluster: Cluster;
  readonly spaces: Spaces;
  readonly containers: Containers;
  readonly pods: PreparedPods;
  readonly prepared: PreparedDatabases;
  readonly turns: Turns;
  readonly images: Pick<ContainerImages, 'postgres'>;
}

/** Data are there all at once. */
const wait = 'until [ -e data ]; do sleep 0.05; done';

export function createServerPods(needs: ServerNeeds): Servers {
  const { cluster, spaces, containers, pods, prepared, turns, images } = needs;

  async function close({ sandboxId, name }: FoundContainer, signal: AbortSignal): Promise<void> {
    const pod = { apiVersion: 'v1', kind: 'Pod', namespace: spaces.controlOf(sandboxId), name };
    const patch = { metadata: { labels: { [receivedLabel]: 'true' } } };
    await cluster.patch(pod, patch, { type: 'merge' }, signal);
  }

  async function sourceOf(original: Original, signal: AbortSignal): Promise<Source> {
    if (original.of === 'server') {
      const { id, component } = original.found;
      return {
        title: `Component "${component}"`,
        open: () => containers.pipe(id, sendProgram, signal),
        alone: (work) => turns.copy(id, work),
      };
    }
    const { version, component } = original;
    const name = await prepared.nameFor(version, component, signal);
    return {
      title: `What component "${component}" begins with`,
      open: () => pods.pipe(name, sendProgram, signal),
      alone: (work) => work(),
    };
  }

  return {
    async container(server, original, signal) {
      // Made before there is a pod that waits for it.
      if (original?.of === 'template') await prepared.nameFor(original.version, original.component, signal);
      const base = serverContainer(server, images.postgres, wait);
      const data = { name: 'data', path: serverHome, megabytes: base.limits.diskMb };
      const spec: PodSpec = { ...base, writableRoot: false, data: [data] };
      return spec;
    },
    async fill(found, server, { isWanted, find }, signal) {
      const transfer = {
        isWanted,
        source: async () => sourceOf(await find(), signal),
        receive: () => containers.pipe(found.id, receiveProgram, signal),
        files: firstFiles(server.first),
        onWhole: () => close(found, signal),
      };
      await transferData(transfer, signal);
    },
  };
}
