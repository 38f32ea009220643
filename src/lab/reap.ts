/**
 * Destroys what nobody owns: sandboxes that a backend still holds although their row is dead, gone or was never
 * written. Lists first and reads the rows after, so that a sandbox which is being made is never taken for an orphan;
 * what is younger than the grace is left alone. Running it again also finds what came back behind a destroy.
 */
import type { Log } from './log.ts';
import type { LabStore, SandboxDriver } from './ports.ts';

/** @returns how many sandboxes were destroyed. Throws when the backend cannot be listed. */
export async function reap(
  driver: SandboxDriver,
  labs: LabStore,
  graceSeconds: number,
  log: Log,
  signal: AbortSignal,
): Promise<number> {
  const found = await driver.list(signal);
  const now = await labs.now();
  const old = found.filter(({ createdAt }) => now.getTime() - createdAt.getTime() >= graceSeconds * 1000);
  if (old.length === 0) return 0;
  const living = await labs.livingSandboxes(old.map(({ sandboxId }) => sandboxId));
  const orphans = old.filter(({ sandboxId }) => !living.has(sandboxId));
  let destroyed = 0;
  for (const { sandboxId } of orphans) {
    if (signal.aborted) break;
    const about = { sandboxId, backend: driver.name };
    log.warn(about, 'reaping a sandbox that nobody owns');
    try {
      await driver.destroy(sandboxId, signal);
      destroyed++;
    } catch (thrown) {
      // One that cannot be destroyed must not keep those behind it; the next round tries it again.
      log.warn({ ...about, err: thrown }, 'it could not be destroyed');
    }
  }
  return destroyed;
}
