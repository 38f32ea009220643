import { setTimeout as delay } from 'node:timers/promises';
import type { SandboxDriver, SandboxPlan } from '../../src/lab/ports.ts';

/** A backend whose databases are tried. */
export interface DatabaseSubject {
  readonly driver: SandboxDriver;
  /** A second driver of the same installation, as another Labwright would have; the caller closes it. */
  another(): Promise<SandboxDriver>;
  stop(): Promise<void>;
}

/** One that gives labs servers of their own. */
export interface OwnServers extends DatabaseSubject {
  /** Runs a shell's words where a component's server runs, as its trainee could; gives what was printed. */
  inside(sandboxId: string, component: string, script: string): Promise<string>;
  /** Everything of sandboxes, by kind. */
  count(): Promise<Readonly<Record<string, number>>>;
  /** Where data and archive are, as `inside` sees it; where this is not given, as in all containers. */
  home?(plan: SandboxPlan, component: string): string;
  /** Kills a server without its driver, where a test can; else the driver does it. */
  crash?(plan: SandboxPlan, component: string): void;
}

/** One where every database has a container of its own. */
export interface ContainedDatabases extends OwnServers {
  /** Names of what databases begin with. */
  prepared(): Promise<readonly string[]>;
  /** Names or ids of all of this installation, also of those that databases are prepared in. */
  containers(): Promise<readonly string[]>;
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
