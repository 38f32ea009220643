/** Operations of the in-memory store. */
import type { LabEvent, Operation } from '../../src/lab/lab.ts';
import type { NewOperation, OperationStore, OperationWork } from '../../src/lab/ports.ts';
import { labEnded, labNotFound } from '../../src/store/refusals.ts';
import { wellFormed } from '../../src/store/well-formed.ts';
import type { MemoryForks } from './memory-forks.ts';
import { after, type MemoryTables, type OperationRow, stored } from './memory-tables.ts';

export class MemoryOperations {
  readonly #tables: MemoryTables;
  readonly #now: () => Date;
  readonly #forks: MemoryForks;

  constructor(tables: MemoryTables, now: () => Date, forks: MemoryForks) {
    this.#tables = tables;
    this.#now = now;
    this.#forks = forks;
  }

  list(labId: string): Operation[] {
    return this.#of(labId).map((row) => row.operation);
  }

  plantOne(labId: string, operation: NewOperation): boolean {
    const phase = this.#phase(labId);
    if (phase === undefined) throw labNotFound(labId);
    if (phase === 'terminating' || phase === 'terminated') {
      throw labEnded('nothing can be done in it any more');
    }
    const planted = this.plant(labId, [operation]) > 0;
    if (phase === 'paused') this.pause(labId);
    return planted;
  }

  /** How many began to wait. */
  plant(labId: string, operations: readonly NewOperation[]): number {
    let planted = 0;
    for (const { kind, name, dueInSeconds } of operations) {
      const id = `${labId}/${kind}/${name}`;
      if (this.#tables.operations.has(id)) continue;
      const operation = { id, labId, kind, name, ...unbegun };
      this.#put({ operation, fence: 0, dueInSeconds, leftMs: null, dueAt: this.#dueIn(dueInSeconds) });
      planted++;
    }
    return planted;
  }

  plantSnapshot(
    labId: string,
    { name, saved }: { readonly name: string; readonly saved: Operation['saved'] },
    most: number,
  ): 'planted' | 'known' | 'too_many' {
    const all = this.#of(labId).filter(({ operation }) => operation.kind === 'snapshot');
    const isKnown = all.some(({ operation }) => operation.name === name);
    if (!isKnown && this.#phase(labId) !== undefined && !this.#isOver(labId) && all.length >= most) {
      return 'too_many';
    }
    if (!this.plantOne(labId, { kind: 'snapshot', name, dueInSeconds: 0 })) return 'known';
    const row = this.#tables.operations.get(`${labId}/snapshot/${name}`);
    if (row !== undefined) this.#put({ ...row, operation: { ...row.operation, saved: stored(saved) } });
    return 'planted';
  }

  deleteSnapshot(labId: string, name: string, events: readonly LabEvent[]): 'deleted' | 'unknown' | 'in_use' {
    const id = `${labId}/snapshot/${name}`;
    const row = this.#tables.operations.get(id);
    const lab = this.#tables.labs.get(labId);
    if (row === undefined || lab === undefined) return 'unknown';
    const origin = this.#tables.sandboxOf(lab.lab)?.origin ?? null;
    if (lab.lab.phase === 'provisioning' && origin !== null && origin.sandboxId === row.operation.sandboxId) {
      return 'in_use';
    }
    this.#tables.operations.delete(id);
    this.#forks.condemn(`snapshot:${labId}/${name}`);
    this.#tables.labs.set(labId, { ...lab, lab: { ...lab.lab, version: lab.lab.version + 1 } });
    this.#tables.append(labId, events, this.#now());
    return 'deleted';
  }

  triggerOne(id: string): boolean {
    const labId = this.#tables.operations.get(id)?.operation.labId;
    const phase = labId === undefined ? undefined : this.#phase(labId);
    if (labId === undefined || phase === 'terminating' || phase === 'terminated') return false;
    const triggered = this.trigger(labId, [id]) > 0;
    if (phase === 'paused') this.pause(labId);
    return triggered;
  }

  trigger(labId: string, ids: readonly string[]): number {
    const waiting = this.#of(labId).filter(
      ({ operation }) => operation.state === 'waiting' && ids.includes(operation.id),
    );
    for (const row of waiting) this.#put({ ...row, dueAt: this.#now() });
    return waiting.length;
  }

  start(id: string, leaseSeconds: number, events: readonly LabEvent[]): OperationWork | null {
    const row = this.#tables.operations.get(id);
    if (row === undefined || this.#phase(row.operation.labId) !== 'ready') return null;
    const { state, kind, labId, name, startedAt } = row.operation;
    if (state !== 'waiting' && state !== 'running') return null;
    const now = this.#now();
    const isHeld = this.#tables
      .attemptsOf(labId)
      .some(({ attempt, alone }) => alone && attempt.state === 'running');
    if (state === 'waiting' && isHeld) {
      this.#put({ ...row, dueAt: after(now, 1) });
      return null;
    }
    const operation: Operation = { ...row.operation, state: 'running', startedAt: startedAt ?? now };
    const fence = ++this.#tables.fences;
    this.#put({ ...row, operation, fence, dueAt: after(now, leaseSeconds) });
    if (kind === 'checkpoint' || kind === 'snapshot') this.#forks.condemn(`${kind}:${labId}/${name}`);
    if (state === 'waiting') this.#tables.append(labId, events, now);
    return { operation, fence };
  }

  beginStep(id: string, fence: number, step: number, saved: Operation['saved']): boolean {
    const row = this.#tables.operations.get(id);
    if (row?.fence !== fence || row.operation.state !== 'running' || row.operation.begun > step) return false;
    if (this.#phase(row.operation.labId) !== 'ready') return false;
    this.#put({ ...row, operation: { ...row.operation, begun: step + 1, saved: stored(saved) } });
    return true;
  }

  finish(id: string, fence: number, end: Parameters<OperationStore['finishOperation']>[2]): boolean {
    const row = this.#tables.operations.get(id);
    if (row?.fence !== fence) return false;
    if (row.operation.state !== 'running') return row.operation.state === end.state;
    const { kind, labId, name } = row.operation;
    const now = this.#now();
    const sandboxId = end.state === 'done' ? (end.sandboxId ?? null) : null;
    const detail = end.detail && wellFormed(end.detail);
    const operation = { ...row.operation, state: end.state, detail, sandboxId, finishedAt: now };
    this.#put({ ...row, operation, dueAt: null });
    if (kind === 'export' || (kind === 'snapshot' && end.state === 'failed'))
      this.#tables.operations.delete(id);
    if (kind === 'checkpoint' || kind === 'snapshot') {
      this.#forks.condemn(`${kind}:${labId}/${name}`, sandboxId);
    }
    this.#tables.append(labId, end.events, now);
    this.trigger(labId, end.trigger ?? []);
    return true;
  }

  /** Faults wait again; what was kept or done for somebody is given up. */
  forget(labId: string): void {
    for (const row of this.#of(labId)) {
      const { id, kind } = row.operation;
      if (kind !== 'fault' && kind !== 'snapshot') this.#tables.operations.delete(id);
    }
    this.rearm(labId, null);
    this.#forks.condemnCheckpoints(labId);
  }

  /** Faults that fired since then, null: all, wait again. */
  rearm(labId: string, since: Date | null): void {
    for (const row of this.#of(labId)) {
      const { id, kind, name, startedAt } = row.operation;
      if (kind !== 'fault' || (since !== null && (startedAt === null || startedAt < since))) continue;
      const operation = { id, labId, kind, name, ...unbegun };
      const dueAt = this.#dueIn(row.dueInSeconds);
      this.#put({ ...row, operation, fence: ++this.#tables.fences, dueAt });
    }
  }

  /** With the lab: nothing of it is due until it is ready again. */
  pause(labId: string): void {
    for (const row of this.#of(labId)) {
      if (row.dueAt === null) continue;
      const fence = row.operation.state === 'running' ? ++this.#tables.fences : row.fence;
      this.#put({ ...row, fence, leftMs: row.dueAt.getTime() - this.#now().getTime(), dueAt: null });
    }
  }

  resume(labId: string): void {
    for (const row of this.#of(labId)) {
      if (row.leftMs === null) continue;
      const { state } = row.operation;
      const dueAt = row.dueAt ?? after(this.#now(), row.leftMs / 1000);
      const waits = state === 'waiting' || state === 'running';
      this.#put({ ...row, leftMs: null, dueAt: waits ? dueAt : row.dueAt });
    }
  }

  /** Whether a pause would spoil what is done to the lab. */
  isWorkedOn(labId: string): boolean {
    const { attempts } = this.#tables;
    const open = [...attempts.values()].some(
      ({ attempt }) => attempt.labId === labId && (attempt.state === 'queued' || attempt.state === 'running'),
    );
    return (
      open ||
      this.#of(labId).some(({ operation: { kind, state } }) => state === 'running' && kind !== 'fault')
    );
  }

  /** With the lab: nothing is due any more, and whatever runs is fenced off. */
  endAll(labId: string): void {
    const failed = { state: 'failed', detail: 'The lab ended.', finishedAt: this.#now() } as const;
    for (const row of this.#of(labId)) {
      const { state } = row.operation;
      if (state !== 'waiting' && state !== 'running') continue;
      const operation = state === 'running' ? { ...row.operation, ...failed } : row.operation;
      this.#put({ ...row, operation, fence: ++this.#tables.fences, dueAt: null });
    }
    this.#forks.condemnCheckpoints(labId);
    this.#forks.condemnSnapshots(labId);
  }

  #of(labId: string): OperationRow[] {
    return [...this.#tables.operations.values()].filter(({ operation }) => operation.labId === labId);
  }

  #put(row: OperationRow): void {
    this.#tables.operations.set(row.operation.id, row);
  }

  #phase(labId: string) {
    return this.#tables.labs.get(labId)?.lab.phase;
  }

  #isOver(labId: string): boolean {
    const phase = this.#phase(labId);
    return phase === 'terminating' || phase === 'terminated';
  }

  #dueIn(seconds: number | null): Date | null {
    return seconds === null ? null : after(this.#now(), seconds);
  }
}

const unbegun = {
  state: 'waiting',
  begun: 0,
  saved: {},
  sandboxId: null,
  startedAt: null,
  finishedAt: null,
  detail: null,
} as const;
