/** What the engine says of a container, in our words. */
import type { ContainerInfo, ContainerInspectInfo } from 'dockerode';
import type { ContainerState, FoundContainer } from '../containers/types.ts';
import { readLabels } from './labels.ts';

/** Null: it is not ours, or is going. */
export function foundOf(info: ContainerInspectInfo): FoundContainer | null {
  return made(info.Id, info.Name, info.Config.Labels, info.State.Status, info.NetworkSettings.Networks);
}

/** As `foundOf`, of a list's entry. */
export function foundOfList(info: ContainerInfo): FoundContainer | null {
  if (info.State === 'removing') return null;
  return made(info.Id, info.Names[0] ?? '', info.Labels, info.State, info.NetworkSettings.Networks);
}

/** Whether it has an address in this network. */
export function networkOf(info: ContainerInspectInfo, network: string): boolean {
  const endpoint = info.NetworkSettings.Networks[network];
  return endpoint !== undefined && endpoint.EndpointID !== '';
}

function made(
  id: string,
  name: string,
  labels: Record<string, string>,
  status: string,
  networks: Readonly<Record<string, { readonly EndpointID: string }>>,
): FoundContainer | null {
  const facts = readLabels(labels);
  if (facts === null) return null;
  const attached = Object.values(networks).some(({ EndpointID }) => EndpointID !== '');
  return { id, name: name.replace(/^\//, ''), ...facts, state: stateOf(status), attached };
}

function stateOf(status: string): ContainerState {
  if (status === 'running' || status === 'paused' || status === 'created') return status;
  return 'exited';
}
