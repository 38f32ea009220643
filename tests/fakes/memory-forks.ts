/** Sandboxes of the in-memory store that are neither a lab's nor a spare: they live as long as their owner. */
import type { Sandbox, SandboxOwner } from '../../src/lab/lab.ts';
import type { NewSandbox } from '../../src/lab/ports.ts';
import { freshSandbox, isLiving, type MemoryTables } from './memory-tables.ts';

export class MemoryForks {
  readonly #tables: MemoryTables;
  readonly #now: () => Date;

  constructor(tables: MemoryTables, now: () => Date) {
    this.#tables = tables;
    this.#now = now;
  }

  start(attemptId: string, fence: number, input: NewSandbox): Sandbox | null {
    const row = this.#tables.attempts.get(attemptId);
    if (row?.attempt.state !== 'running' || row.fence !== fence) return null;
    return this.#record(input, `attempt:${attemptId}`);
  }

  startCheckpoint(operationId: string, fence: number, input: NewSandbox): Sandbox | null {
    const row = this.#tables.operations.get(operationId);
    if (row?.operation.state !== 'running' || row.fence !== fence) return null;
    const { kind, labId, name } = row.operation;
    return kind === 'checkpoint' || kind === 'snapshot'
      ? this.#record(input, `${kind}:${labId}/${name}`)
      : null;
  }

  end(sandboxId: string): void {
    this.#condemn((one) => one.id === sandboxId && one.owner !== null);
  }

  /** What an owner has may be destroyed from now on, but for `keep`. */
  condemn(owner: SandboxOwner, keep: string | null = null): void {
    this.#condemn((one) => one.owner === owner && one.id !== keep);
  }

  condemnCheckpoints(labId: string): void {
    this.#condemn((one) => one.owner?.startsWith(`checkpoint:${labId}/`) === true);
  }

  condemnSnapshots(labId: string): void {
    this.#condemn((one) => one.owner?.startsWith(`snapshot:${labId}/`) === true);
  }

  #record(input: NewSandbox, owner: SandboxOwner): Sandbox {
    const known = this.#tables.sandboxes.get(input.id)?.sandbox;
    if (known?.owner === owner) return known;
    const sandbox = { ...freshSandbox(input, null, this.#now()), owner };
    this.#tables.sandboxes.set(sandbox.id, { sandbox, dueAt: null });
    return sandbox;
  }

  #condemn(which: (sandbox: Sandbox) => boolean): void {
    for (const { sandbox } of this.#tables.sandboxes.values()) {
      if (!isLiving(sandbox) || !which(sandbox)) continue;
      const dead = { ...sandbox, state: 'dead', version: sandbox.version + 1 } as const;
      this.#tables.sandboxes.set(sandbox.id, { sandbox: dead, dueAt: this.#now() });
    }
  }
}
