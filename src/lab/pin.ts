/** Which template version and backend a new lab is pinned to. */
import type { BackendName, TemplateSource, TemplateVersion } from '../templates/types.ts';
import { LabError } from './errors.ts';
import type { SandboxDriver, TemplateStore } from './ports.ts';
import type { ServedTemplates } from './releases/served-templates.ts';
import type { ReleaseStore } from './releases/types.ts';
import { findVersion } from './releases/wanted-version.ts';
import { unknownTemplate } from './unknown-template.ts';

export interface PinDeps {
  readonly templates: ServedTemplates;
  /** The folder. */
  readonly drafts: TemplateSource;
  readonly releases: Pick<ReleaseStore, 'versions' | 'find'>;
  readonly templateStore: TemplateStore;
  readonly drivers: ReadonlyMap<BackendName, SandboxDriver>;
  readonly defaultBackend: BackendName;
  /** The nearest known word, or null. */
  readonly nearest: (word: string, known: readonly string[]) => string | null;
}

export function createPinner(deps: PinDeps) {
  const saved = new Set<string>();

  /**
   * The version that a new lab is made of, recorded so that labs can be pinned to it: the one of this name, or what
   * somebody of this class gets. Throws `class_not_found`, `version_not_found`, and as `unknownTemplate` says.
   */
  async function pin(
    id: string,
    wanted: string | undefined,
    classId: string | null,
  ): Promise<TemplateVersion> {
    const served = () => deps.templates.loadFor(id, classId);
    const version = wanted === undefined ? await served() : await findVersion(id, wanted, deps);
    if (version === null) throw await unknownTemplate(id, deps.templates, deps.nearest);
    if (!saved.has(version.hash)) {
      await deps.templateStore.save(version);
      saved.add(version.hash);
    }
    return version;
  }

  /** Throws `backend_not_supported` with what is allowed. */
  function backendFor(version: TemplateVersion, wanted: string | undefined): BackendName {
    const present = version.template.backends.filter((name) => deps.drivers.has(name));
    const able = present.filter((name) => deps.drivers.get(name)?.lacks(version).length === 0);
    // Where none is able, the error should say what the chosen one lacks.
    const allowed = able.length > 0 && wanted === undefined ? able : present;
    if (wanted === undefined) {
      const chosen = allowed.includes(deps.defaultBackend) ? deps.defaultBackend : allowed[0];
      if (chosen !== undefined) return complete(version, chosen);
    }
    const found = allowed.find((name) => name === wanted);
    if (found !== undefined) return complete(version, found);
    throw new LabError(
      'backend_not_supported',
      `backend: ${wanted === undefined ? 'none fits' : `"${wanted}" cannot be used`} for template "${version.template.id}"; ` +
        `the template runs on ${version.template.backends.join(', ')}, this installation has ${[...deps.drivers.keys()].join(', ')}.`,
      { extra: { field: 'backend', allowed } },
    );
  }

  /** Throws `backend_not_supported` with what this installation's backend lacks for the template, a sentence each. */
  function complete(version: TemplateVersion, name: BackendName): BackendName {
    const lacks = deps.drivers.get(name)?.lacks(version) ?? [];
    if (lacks.length === 0) return name;
    throw new LabError(
      'backend_not_supported',
      `backend: "${name}" cannot run template "${version.template.id}" here. ${lacks.join(' ')}`,
      { extra: { field: 'backend', lacks } },
    );
  }

  return { pin, backendFor };
}
