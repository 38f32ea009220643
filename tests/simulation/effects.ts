/** What was done to labs by operations, and how often: every step at most once, whoever crashed. */
import type { Operation } from '../../src/lab/lab.ts';
import type { MemoryTables } from '../fakes/memory-tables.ts';

interface Life {
  state: Operation['state'] | 'gone';
  /** Raised when what was begun is forgotten: a reset lets a fault happen again. */
  epoch: number;
  /** Epochs in which it was started. */
  readonly started: Set<number>;
}

export class Effects {
  readonly #tables: MemoryTables;
  readonly #broken: (what: string) => void;
  readonly #lives = new Map<string, Life>();
  /** Of each fence: one that began a step before a reset counts to what was then. */
  readonly #epochs = new Map<string, number>();
  readonly #done = new Map<string, number>();

  constructor(tables: MemoryTables, broken: (what: string) => void) {
    this.#tables = tables;
    this.#broken = broken;
  }

  /** A step happened. */
  did(operation: string, fence: number, step: string): void {
    const key = `${operation}#${this.#epochs.get(`${operation}#${fence}`)} ${step}`;
    const times = (this.#done.get(key) ?? 0) + 1;
    this.#done.set(key, times);
    if (times > 1) this.#broken(`step ${step} of ${operation} was done ${times} times`);
  }

  /** How many steps happened. */
  get steps(): number {
    return this.#done.size;
  }

  /** After every step of the simulation: no change of a row is missed. */
  follow(): void {
    for (const [id, life] of this.#lives) if (!this.#tables.operations.has(id)) life.state = 'gone';
    for (const { operation, fence } of this.#tables.operations.values()) {
      const { id, state } = operation;
      const life = this.#lives.get(id) ?? { state, epoch: 1, started: new Set() };
      if (state === 'waiting' && life.state !== 'waiting') life.epoch++;
      if (state === 'running') life.started.add(life.epoch);
      life.state = state;
      this.#lives.set(id, life);
      const key = `${id}#${fence}`;
      if (!this.#epochs.has(key)) this.#epochs.set(key, life.epoch);
    }
  }

  /** When nothing fails any more: what is due was done, and everybody was told once. */
  checkHealed(now: Date): void {
    for (const { operation, dueAt } of this.#tables.operations.values()) {
      const { id, labId, state, kind, name } = operation;
      if (this.#tables.labs.get(labId)?.lab.phase !== 'ready') continue;
      const late = dueAt !== null && dueAt < new Date(now.getTime() - 60_000);
      if (state === 'running' || late) this.#broken(`lost: ${id} is still ${state}`);
      if (kind === 'fault') this.#checkTold(labId, name, this.#lives.get(id)?.started.size ?? 0);
    }
  }

  #checkTold(labId: string, fault: string, started: number): void {
    const about = (this.#tables.events.get(labId) ?? []).filter(({ data }) => data.fault === fault);
    const fired = about.filter(({ type }) => type === 'fault.fired').length;
    const over = about.filter(({ type }) => type === 'fault.done' || type === 'fault.failed').length;
    if (fired !== started) this.#broken(`${labId}: ${fault} fired ${started} times, told ${fired} times`);
    if (over > fired) this.#broken(`${labId}: ${fault} was told to be over ${over} times of ${fired}`);
  }
}
