import { setTimeout as delay } from 'node:timers/promises';
import type { SandboxDriver } from '../../src/lab/ports.ts';

/** A backend whose databases are tried. */
export interface DatabaseSubject {
  readonly driver: SandboxDriver;
  /** A second driver of the same installation, as another Labwright would have; the caller closes it. */
  another(): Promise<SandboxDriver>;
  stop(): Promise<void>;
}

/** One where every database has a container of its own. */
export interface ContainedDatabases extends DatabaseSubject {
  /** Names of what databases begin with. */
  prepared(): Promise<readonly string[]>;
  /** Runs a shell's words in a component's container, as its trainee could; gives what was printed. */
  inside(sandboxId: string, component: string, script: string): Promise<string>;
  /** Names or ids of all of this installation, also of those that databases are prepared in. */
  containers(): Promise<readonly string[]>;
  /** Everything of sandboxes, by kind. */
  count(): Promise<Readonly<Record<string, number>>>;
}

/** Asked until it gives this. */
export async function soon<T>(look: () => Promise<T>, isRight: (seen: T) => boolean): Promise<T> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const seen = await look();
    if (isRight(seen) || performance.now() > deadline) return seen;
    await delay(50);
  }
}
