/** A trainee's own namespace of a cluster, and how other components name what is in one. */
import { z } from 'zod';
import { common, commonOf, folder, port, size } from './schema-component-parts.ts';
import { identifier, later } from './schema-parts.ts';
import type { NamespaceComponent } from './types.ts';

/** What the cluster calls its objects. */
const dnsLabel = z
  .string()
  .max(63)
  .regex(/^[a-z]([a-z0-9-]*[a-z0-9])?$/, 'expected lower-case letters, digits and "-", such as "dotmac-api"');

const rights = [
  ...(['view', 'deploy', 'exec', 'logs', 'port-forward', 'read-secrets', 'secrets', 'jobs'] as const),
  ...(['pvc', 'autoscale', 'network-policies', 'service-accounts'] as const),
];

export const namespace = z.strictObject({
  ...common,
  objects: folder
    .optional()
    .describe('Folder of the template with manifests (.yaml, .yml, .json), applied by file name.'),
  trainee: z
    .array(z.enum(rights))
    .default([])
    .describe('What the trainee may do there; `view` is always among it.'),
  storage: z
    .record(dnsLabel, size)
    .default({})
    .describe('PersistentVolumeClaims that are there from the start: name → size, such as 2Gi.'),
  pods: z.int().min(1).max(200).default(20).describe('How many pods there may be at once.'),
  ...later('ready'),
});

export function namespaceOf(one: z.output<typeof namespace>): NamespaceComponent {
  return {
    kind: 'namespace',
    ...commonOf(one),
    objects: one.objects ?? null,
    rights: [...new Set(['view' as const, ...one.trainee])],
    storage: one.storage,
    pods: one.pods,
  };
}

/** A component, or a Service in a namespace. */
export const target = z.union([
  identifier,
  z.strictObject({ component: identifier, service: dnsLabel, port }).describe('A Service in a namespace.'),
]);

/** Namespaces that a workspace is led to. */
export const kubeconfig = z
  .union([identifier.transform((name) => [name]), z.array(identifier).min(1)])
  .optional()
  .describe('Namespaces that a kubeconfig in the workspace leads to; the first is the current one.');
