/** What a container may take where its template does not say. */
import type { ComponentKind, ComponentLimits, ComponentSpec } from '../../templates/types.ts';

const memoryMb: Readonly<Record<ComponentKind, number>> = {
  postgres: 512,
  'sample-api': 384,
  service: 384,
  shell: 1_024,
  redis: 128,
  stub: 192,
  traffic: 192,
  namespace: 4_096,
};
const usual = { cpu: 1, pids: 256, diskMb: 1_024 } as const;

export function limitsOf(spec: ComponentSpec): Required<ComponentLimits> {
  const cpu = spec.kind === 'shell' ? 2 : usual.cpu;
  return { ...usual, cpu, memoryMb: memoryMb[spec.kind], ...spec.limits };
}

export const gatewayLimits: Required<ComponentLimits> = { ...usual, memoryMb: 192 };
