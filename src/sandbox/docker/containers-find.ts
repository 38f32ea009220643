/** What containers a sandbox has. */

import { orAborted } from '../containers/or-aborted.ts';
import type { Containers, FoundContainer } from '../containers/types.ts';
import type { Engine } from './engine.ts';
import { foundOfList } from './found-container.ts';
import { labelFilter } from './labels.ts';

/** All components of a sandbox are looked at together: those who ask in one turn of the loop share one request. */
export function createFind(engine: Engine, installationId: string): Containers['find'] {
  // The request is of all who ask; the engine's own deadline holds.
  const nobodys = new AbortController();
  const gathering = new Map<string, Promise<readonly FoundContainer[]>>();

  async function ask(sandboxId: string): Promise<readonly FoundContainer[]> {
    await new Promise((resolve) => setImmediate(resolve));
    gathering.delete(sandboxId);
    const filters = labelFilter(installationId, sandboxId);
    const all = await engine.ask(
      'list containers',
      (docker, abortSignal) => docker.listContainers({ all: true, filters, abortSignal }),
      nobodys.signal,
    );
    return all.flatMap((info) => foundOfList(info) ?? []);
  }

  return (sandboxId, signal) => {
    const asked = gathering.get(sandboxId) ?? ask(sandboxId);
    gathering.set(sandboxId, asked);
    return orAborted(asked, signal);
  };
}
