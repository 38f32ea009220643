/** `access` in expressions and `{{ }}`: what the trainee may know of each component, and nothing else. */
import { traineeFacts } from '../lab/access.ts';
import type { TemplateVersion } from '../templates/types.ts';
import type { SandboxHandle, Value } from './types.ts';

/**
 * Facts by component. Throws what the driver throws for a component that the sandbox has not.
 * @param names of the components that it has; absent: all of the template.
 */
export function accessScope(
  version: TemplateVersion,
  sandbox: Pick<SandboxHandle, 'access'>,
  names: readonly string[] = Object.keys(version.template.components),
): Readonly<Record<string, Value>> {
  return Object.fromEntries(names.map((name) => [name, traineeFacts(sandbox.access(name))]));
}
