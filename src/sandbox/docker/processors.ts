/** How many processors an engine has. */
import type { Engine } from './engine.ts';

/** What is taken for true until the engine has said it. */
const fewest = 2;

/** Asks once, in the background, when somebody first wants to know; and again where nothing was answered. */
export function createProcessors(engine: Engine, closing: AbortSignal): () => number {
  let known: number | null = null;
  let isAsking = false;

  async function ask(): Promise<void> {
    isAsking = true;
    try {
      const { NCPU } = (await engine.ask('tell about itself', (docker) => docker.info(), closing)) as {
        readonly NCPU?: number;
      };
      known = Math.max(fewest, NCPU ?? fewest);
    } catch {
      // Whoever needs the engine hears what is wrong with it.
    } finally {
      isAsking = false;
    }
  }

  return () => {
    if (known === null && !isAsking) void ask();
    return known ?? fewest;
  };
}
