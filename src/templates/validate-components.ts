/** Components use what is there; their files are in the folder. */
import type { Path } from './problem.ts';
import { commonRoots, componentOf, declaredNames, type Scene } from './scene.ts';
import { didYouMean } from './suggest.ts';
import type { ComponentKind, ComponentSpec, TrafficComponent } from './types.ts';
import { foldersOf, requireFile, requireFolder } from './validate-folder.ts';
import { validateNamespace } from './validate-namespaces.ts';
import { validateOverlay } from './validate-overlay.ts';
import { validatePartner, validateStub } from './validate-partners.ts';
import { checkReferences } from './validate-references.ts';
import { reportCycles, requireKind, requireName } from './validate-structure.ts';

/** What answers requests. */
const servers: readonly ComponentKind[] = ['sample-api', 'service', 'stub'];

export function validateComponents(scene: Scene): void {
  const components: Readonly<Record<string, ComponentSpec>> = scene.authored.components ?? {};
  const known = declaredNames(scene, ['components']);
  for (const [name, component] of Object.entries(components)) {
    const path = ['components', name, component.kind];
    const implied = impliedBy(component);
    for (const used of component.uses) {
      if (!implied.includes(used)) requireName(scene, 'component', used, known, [...path, 'uses']);
    }
    validateComponent(scene, component, path);
  }
  const uses = Object.fromEntries(Object.entries(components).map(([name, spec]) => [name, spec.uses]));
  reportCycles(scene, uses, (name) => ['components', name, components[name]?.kind ?? '', 'uses']);
}

/** What a component uses by another key than `uses`: it is checked there. */
function impliedBy(component: ComponentSpec): readonly string[] {
  switch (component.kind) {
    case 'postgres':
      return component.replicaOf === null ? [] : [component.replicaOf];
    case 'sample-api':
      return [component.database, ...(component.source === null ? [] : [component.source.shell])];
    case 'service':
      return component.source === null ? [] : [component.source.shell];
    case 'traffic':
      return [component.target];
    case 'shell':
      return component.kubeconfig ?? [];
    default:
      return [];
  }
}

function validateComponent(scene: Scene, component: ComponentSpec, path: Path): void {
  switch (component.kind) {
    case 'postgres':
      if ('files' in component.seed) {
        for (const [index, file] of component.seed.files.entries())
          requireFile(scene, file, [...path, 'seed', index]);
      }
      for (const [index, file] of component.overlay.entries()) {
        requireFile(scene, file, [...path, 'overlay', index]);
        validateOverlay(scene, file);
      }
      if (component.replicaOf !== null) {
        requireKind(scene, component.replicaOf, ['postgres'], 'a replica is of', [...path, 'replicaOf']);
      }
      return;
    case 'sample-api':
      requireKind(scene, component.database, ['postgres'], 'a sample-api uses', [...path, 'uses']);
      validateSource(scene, component, path);
      validateEnv(scene, component, path);
      return;
    case 'service':
      if (component.files !== null) requireFolder(scene, component.files, [...path, 'files']);
      if (component.command.length === 0 && (scene.authored.backends ?? []).includes('process')) {
        const message = 'on the backend process a service needs a "command"; an image is for containers';
        scene.report(path, 'missing_key', message);
      }
      validateSource(scene, component, path);
      validateEnv(scene, component, path);
      return;
    case 'stub':
      validateStub(scene, component, path);
      return;
    case 'traffic':
      validateTarget(scene, component, [...path, 'target']);
      validatePartner(scene, component.file, scene.registries.readTraffic, [...path, 'script']);
      return;
    case 'shell':
      if (component.files !== null) requireFolder(scene, component.files, [...path, 'files']);
      for (const name of component.kubeconfig ?? []) {
        requireKind(scene, name, ['namespace'], 'a kubeconfig leads to', [...path, 'kubeconfig']);
      }
      return;
    case 'namespace':
      validateNamespace(scene, component, path);
  }
}

function validateTarget(scene: Scene, { target, service }: TrafficComponent, path: Path): void {
  if (service !== undefined) {
    const place = [...path, 'component'];
    requireKind(scene, target, ['namespace'], 'a "service" is named in', place);
    return;
  }
  if (componentOf(scene, target)?.kind === 'namespace') {
    const message = `"${target}" is a namespace; name what takes the traffic there: { component, service, port }`;
    scene.report(path, 'wrong_kind', message);
    return;
  }
  requireKind(scene, target, servers, 'traffic goes to', path);
}

type Program = ComponentSpec & { kind: 'sample-api' | 'service' };

function validateEnv(scene: Scene, { env }: Program, path: Path): void {
  checkReferences(scene, env, [...path, 'env'], commonRoots(scene));
}

function validateSource(scene: Scene, { kind, source }: Program, path: Path): void {
  if (source === null) return;
  const place = [...path, 'source', 'from'];
  const shell = requireKind(scene, source.shell, ['shell'], 'a source runs from', place);
  // The sample API's own files are put there where the template has none.
  if (kind === 'sample-api' || shell?.kind !== 'shell') return;
  const folder = `${shell.files ?? ''}${source.path}/`;
  if (shell.files !== null && [...scene.files.keys()].some((file) => file.startsWith(folder))) return;
  const meant = shell.files === null ? '' : didYouMean(folder, foldersOf(scene.files.keys()));
  const message = `the workspace "${source.shell}" starts without files below "${source.path}/"${meant}`;
  scene.report(place, 'missing_file', message);
}
