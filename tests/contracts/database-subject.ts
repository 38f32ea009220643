import type { SandboxDriver } from '../../src/lab/ports.ts';

/** A backend whose databases are tried. */
export interface DatabaseSubject {
  readonly driver: SandboxDriver;
  /** A second driver of the same installation, as another Labwright would have; the caller closes it. */
  another(): Promise<SandboxDriver>;
  stop(): Promise<void>;
}
