/** Sandboxes beside labs and the attempts and operations that they live for. */
import { staleness } from '../../src/grading/staleness.ts';
import type { Sandbox } from '../../src/lab/lab.ts';
import { type AttemptRow, isLiving, type MemoryTables } from '../fakes/memory-tables.ts';

export class Owners {
  readonly #tables: MemoryTables;
  readonly #broken: (what: string) => void;
  /** Sandbox → the fence under which it was asked for. */
  readonly #asked = new Map<string, number>();
  /** As they were asked for. */
  readonly #attempts = new Map<string, AttemptRow>();
  readonly #ended = new Set<string>();
  readonly #disturbed = new Set<string>();
  readonly counts = { graded: 0, voided: 0 };

  constructor(tables: MemoryTables, broken: (what: string) => void) {
    this.#tables = tables;
    this.#broken = broken;
  }

  /** A trial on the lab itself begins. One of a worker that was replaced undoes that itself, or nobody can. */
  disturbs(attemptId: string, fence: number): void {
    if (this.#tables.attempts.get(attemptId)?.fence === fence) this.#disturbed.add(attemptId);
  }

  undisturbs(attemptId: string): void {
    this.#disturbed.delete(attemptId);
  }

  asks(sandboxId: string, fence: number): void {
    this.#asked.set(sandboxId, fence);
  }

  get forks(): number {
    return this.#asked.size;
  }

  /** After every step: nothing outlives what it is for, not by a moment. */
  check(): void {
    for (const { sandbox } of this.#tables.sandboxes.values()) {
      if (sandbox.owner === null || !isLiving(sandbox)) continue;
      if (!this.isKept(sandbox)) this.#broken(`leaked: ${sandbox.id} outlives ${sandbox.owner}`);
    }
    for (const row of this.#tables.attempts.values()) {
      this.#checkEnd(row);
      if (row.alone && row.attempt.state === 'running') this.#checkAlone(row.attempt);
    }
  }

  /** What changes the lab itself is not done beside other work on it. */
  #checkAlone({ id, labId }: AttemptRow['attempt']): void {
    for (const { operation } of this.#tables.operations.values()) {
      if (operation.labId !== labId || operation.state !== 'running') continue;
      this.#broken(`${operation.id} runs beside ${id}, which is to be alone`);
    }
  }

  /** Whether whom it belongs to still needs it. */
  isKept({ id, owner }: Sandbox): boolean {
    const [kind, name = ''] = owner?.split(/:(.*)/s) ?? [];
    const fence = this.#asked.get(id);
    if (kind === 'attempt') {
      const row = this.#tables.attempts.get(name);
      return row?.attempt.state === 'running' && row.fence === fence;
    }
    const row = this.#tables.operations.get(name.replace('/', `/${kind}/`));
    const phase = this.#tables.labs.get(row?.operation.labId ?? '')?.lab.phase;
    if (row === undefined || phase === 'terminating' || phase === 'terminated') return false;
    const { state, sandboxId } = row.operation;
    return (state === 'running' && row.fence === fence) || (state === 'done' && sandboxId === id);
  }

  /** An attempt's record is whole, and speaks of the lab as it was at that moment. */
  #checkEnd(row: AttemptRow): void {
    const { id, state, labId, results, number, points } = row.attempt;
    const asked = this.#attempts.get(id) ?? row;
    this.#attempts.set(id, asked);
    if (state === 'queued' || state === 'running' || this.#ended.has(id)) return;
    this.#ended.add(id);
    const told = (this.#tables.events.get(labId) ?? []).filter(({ data }) => data.attempt === number);
    const ends = told.filter(({ type }) => type === 'attempt.finished' || type === 'attempt.void').length;
    if (ends !== 1) this.#broken(`${id} was told to be over ${ends} times`);
    const lab = this.#tables.labs.get(labId)?.lab;
    if (state === 'void') {
      this.counts.voided++;
      if (results.length > 0 || points !== null) this.#broken(`${id} is void and has results`);
      if (this.#disturbed.has(id) && lab?.phase === 'ready' && lab.sandboxId === row.sandboxId) {
        this.#broken(`${id} is void and left the lab as it had disturbed it`);
      }
      return;
    }
    this.counts.graded++;
    const sandbox = lab === undefined ? null : this.#tables.sandboxOf(lab);
    const phase = lab?.phase ?? 'terminated';
    const now = { phase, sandboxId: lab?.sandboxId ?? null, generations: generationsOf(sandbox) };
    const stale = staleness(asked, now, 'while it was being graded');
    if (stale !== null) this.#broken(`${id} was graded although: ${stale}`);
    const judged = told.filter(({ type }) => type === 'check.judged').length;
    const evidence = results.flatMap((one) => Object.values(one.evidence));
    const kept = evidence.every((address) => this.#tables.evidence.has(address));
    const whole = results.length > 0 && judged === results.length && kept;
    const passed = results.every(
      (one) => one.verdict !== 'pass' || this.#tables.progress.get(labId)?.has(one.checkId),
    );
    if (!whole || !passed) this.#broken(`${id} is half recorded`);
    if (this.#disturbed.has(id)) this.#broken(`${id} left the lab as it had disturbed it`);
  }

  checkHealed(): void {
    for (const { attempt } of this.#tables.attempts.values()) {
      if (!this.#ended.has(attempt.id)) this.#broken(`lost: ${attempt.id} is still ${attempt.state}`);
    }
  }
}

function generationsOf(sandbox: Sandbox | null): Record<string, number> {
  const rows = Object.entries(sandbox?.components ?? {});
  return Object.fromEntries(rows.map(([name, row]) => [name, row.generation]));
}
