/**
 * Keeps the template versions that are in use decoded: a version never changes, and decoding one parses it and
 * compiles all its expressions (tens of milliseconds), which must not happen at every look at a lab.
 */
import type { TemplateStore } from '../lab/ports.ts';
import type { TemplateVersion } from '../templates/types.ts';

/** At most `max` versions are kept, least recently used first to go. */
export function cacheTemplates(store: TemplateStore, max = 200): TemplateStore {
  const kept = new Map<string, Promise<TemplateVersion | null>>();

  function keep(hash: string, version: Promise<TemplateVersion | null>): Promise<TemplateVersion | null> {
    kept.delete(hash);
    kept.set(hash, version);
    const [oldest] = kept.keys();
    if (kept.size > max && oldest !== undefined) kept.delete(oldest);
    return version;
  }

  return {
    async save(version) {
      if (kept.has(version.hash)) return;
      await store.save(version);
      keep(version.hash, Promise.resolve(version));
    },
    load(hash) {
      const present = kept.get(hash);
      if (present !== undefined) return keep(hash, present);
      const loading = store.load(hash);
      // What could not be read, or is not there yet, is asked for again the next time.
      loading.then(
        (version) => version === null && kept.delete(hash),
        () => kept.delete(hash),
      );
      return keep(hash, loading);
    },
  };
}
