/** Namespaces that nobody can do anything with. */
import type { Path } from './problem.ts';
import type { Scene } from './scene.ts';
import type { ComponentSpec } from './types.ts';

export function lintNamespaces(scene: Scene): void {
  const components: Readonly<Record<string, ComponentSpec>> = scene.authored.components ?? {};
  const warn = (path: Path, message: string) =>
    scene.report(path, 'style', message, { what: 'key', severity: 'warning' });
  const ledTo = Object.values(components).flatMap((one) =>
    one.kind === 'shell' ? (one.kubeconfig ?? []) : [],
  );
  for (const [name, component] of Object.entries(components)) {
    const path = ['components', name];
    if (
      component.kind === 'shell' &&
      component.kubeconfig !== undefined &&
      !component.tools.includes('kubectl')
    ) {
      warn(
        [...path, 'shell', 'kubeconfig'],
        `"${name}" has a kubeconfig, and kubectl is not among its tools`,
      );
    }
    if (component.kind !== 'namespace' || component.rights.length === 1) continue;
    if (!ledTo.includes(name)) {
      warn(path, `no workspace has a kubeconfig for "${name}": its trainee needs a kubectl of their own`);
    }
  }
}
