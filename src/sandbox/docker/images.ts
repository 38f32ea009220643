/** Which images the engine has, known without asking: what a template lacks is said at once. */
import type { Engine } from './engine.ts';
import type { EngineEvents } from './engine-events.ts';

export interface LocalImages {
  /** True as well while nothing is known yet, or not any more: then making the lab tells. */
  has(image: string): boolean;
  /** Looks now. Throws LabError `backend_unavailable`. */
  refresh(signal: AbortSignal): Promise<void>;
  close(): void;
}

const refreshMs = 10_000;

export function createLocalImages(engine: Engine, events: EngineEvents): LocalImages {
  let names: ReadonlySet<string> | null = null;
  const closing = new AbortController();

  async function refresh(signal: AbortSignal): Promise<void> {
    const found = await engine.ask(
      'list images',
      (docker, abortSignal) => docker.listImages({ abortSignal }),
      signal,
    );
    names = new Set(
      found.flatMap(({ Id, RepoTags, RepoDigests }) => [Id, ...(RepoTags ?? []), ...(RepoDigests ?? [])]),
    );
  }

  function refreshQuietly(): void {
    refresh(closing.signal).catch(() => {
      names = null;
    });
  }

  refreshQuietly();
  events.onImages(refreshQuietly);
  const timer = setInterval(refreshQuietly, refreshMs).unref();

  return {
    has: (image) => names === null || names.has(fullName(image)),
    refresh,
    close() {
      closing.abort();
      clearInterval(timer);
    },
  };
}

/** As the engine lists it. */
function fullName(image: string): string {
  const name = image.replace(/^docker\.io\//, '').replace(/^library\//, '');
  if (name.startsWith('sha256:') || name.includes('@')) return name;
  return name.lastIndexOf(':') > name.lastIndexOf('/') ? name : `${name}:latest`;
}
