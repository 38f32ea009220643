/**
 * Tells backends which template versions are still needed: the newest of each template, and those that labs and
 * sandboxes are made of. What belongs to others only costs room.
 */
import type { TemplateSource, TemplateVersion } from '../templates/types.ts';
import type { LabStore, SandboxDriver, TemplateStore } from './ports.ts';

export interface PruneDeps {
  readonly labs: Pick<LabStore, 'livingTemplates'>;
  readonly templates: TemplateSource;
  readonly templateStore: Pick<TemplateStore, 'load'>;
  readonly drivers: Iterable<SandboxDriver>;
}

/** Throws what the store or a backend throws; done again it does the same. */
export async function prune(deps: PruneDeps, signal: AbortSignal): Promise<void> {
  const newest = await deps.templates.list();
  // Read after the folder: a lab that was asked for meanwhile is of a version that is in one of the two.
  const living = await Promise.all(
    (await deps.labs.livingTemplates()).map((hash) => deps.templateStore.load(hash)),
  );
  const needed = [...newest, ...living].filter((version): version is TemplateVersion => version !== null);
  for (const driver of deps.drivers) await driver.prune(needed, signal);
}
