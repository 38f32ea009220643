/** Namespaces of a cluster, on backends that have none. */
import { LabError } from '../lab/errors.ts';
import type { NamespaceComponent } from '../templates/types.ts';
import type { Part } from './part.ts';

/** @param backend its name, for messages. */
export function createNoNamespacePart(backend: string): Part<NamespaceComponent> {
  const sentence = (component: string) =>
    `Component "${component}" is a namespace of a Kubernetes cluster, which the backend ${backend} has not.`;
  return {
    async ensure({ ref }) {
      throw new LabError('start_failed', sentence(ref.component));
    },
    observe: async () => ({ state: 'absent', generation: 0, detail: null }),
    access: ({ ref }) => {
      throw new LabError('backend_not_supported', sentence(ref.component));
    },
    address: () => null,
    kill: async () => {},
    lacks: (component) => [sentence(component)],
  };
}
