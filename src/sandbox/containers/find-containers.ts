import type { ResourceRef } from '../naming.ts';
import type { Containers, FoundContainer } from './types.ts';

/** All of a component, the highest generation first, whatever their states. */
export async function findContainers(
  containers: Pick<Containers, 'find'>,
  { sandboxId, component }: Pick<ResourceRef, 'sandboxId' | 'component'>,
  signal: AbortSignal,
): Promise<FoundContainer[]> {
  return (await containers.find(sandboxId, signal))
    .filter((one) => one.role === 'component' && one.component === component)
    .sort((a, b) => b.generation - a.generation);
}
