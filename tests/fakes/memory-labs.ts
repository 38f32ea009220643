/** Labs and sandboxes of the in-memory store: the same promises as PostgreSQL's, without waiting. */
import type { Lab, LabEvent, Sandbox } from '../../src/lab/lab.ts';
import type {
  LabChange,
  LabOrSandboxKey,
  LabQuery,
  NewLab,
  NewSandbox,
  SandboxChange,
  WakeKey,
} from '../../src/lab/ports.ts';
import { decodeCursor, encodeCursor } from '../../src/store/cursor.ts';
import { idempotencyConflict, labNotFound, quotaGlobal, quotaTrainee } from '../../src/store/refusals.ts';
import { wellFormed } from '../../src/store/well-formed.ts';
import type { MemoryOperations } from './memory-operations.ts';
import {
  after,
  freshSandbox,
  isLiving,
  type LabRow,
  type MemoryTables,
  type SandboxRow,
  stored,
} from './memory-tables.ts';
import type { MemoryWatches } from './memory-watches.ts';

export class MemoryLabs {
  readonly #tables: MemoryTables;
  readonly #now: () => Date;
  readonly #operations: MemoryOperations;
  readonly #watches: MemoryWatches;

  constructor(
    tables: MemoryTables,
    now: () => Date,
    beside: { readonly operations: MemoryOperations; readonly watches: MemoryWatches },
  ) {
    this.#tables = tables;
    this.#now = now;
    this.#operations = beside.operations;
    this.#watches = beside.watches;
  }

  create(input: NewLab) {
    const now = this.#now();
    const key = input.idempotency && JSON.stringify([input.idempotency.caller, input.idempotency.key]);
    const known = key === null ? undefined : this.#tables.keys.get(key);
    if (input.idempotency && known && known.bodyHash !== input.idempotency.bodyHash) {
      throw idempotencyConflict(input.idempotency.key);
    }
    const before = this.#tables.labs.get(known?.labId ?? input.id);
    if (before) return { lab: before.lab, created: false, now };
    const living = [...this.#tables.labs.values()].filter((row) => row.lab.phase !== 'terminated');
    const mine = living.filter((row) => row.lab.trainee === input.trainee).length;
    if (mine >= input.quota.perTrainee) throw quotaTrainee(input.trainee, input.quota.perTrainee, mine);
    if (living.length >= input.quota.global) throw quotaGlobal(input.quota.global, living.length);
    const lab: Lab = {
      id: input.id,
      version: 1,
      phase: 'requested',
      trainee: input.trainee,
      templateId: input.templateId,
      templateHash: input.templateHash,
      class: input.class ?? null,
      backend: input.backend,
      seed: input.seed,
      params: null,
      sandboxId: null,
      createdAt: now,
      readyAt: null,
      expiresAt: after(now, input.ttlSeconds),
      maxExpiresAt: after(now, input.maxSeconds),
      warned: [],
      activeAt: now,
      pausedBecause: null,
      exportsLeft: 0,
      endedAt: null,
      endReason: null,
      endDetail: null,
    };
    this.#tables.labs.set(lab.id, { lab, dueAt: now });
    if (input.idempotency && key !== null) {
      this.#tables.keys.set(key, { bodyHash: input.idempotency.bodyHash, labId: lab.id });
    }
    this.#tables.append(lab.id, [{ type: 'lab.requested', data: { template: lab.templateId } }], now);
    return { lab, created: true, now };
  }

  snapshot(lab: Lab | null) {
    return { lab, sandbox: lab && this.#tables.sandboxOf(lab), now: this.#now() };
  }

  get(id: string) {
    return this.snapshot(this.#tables.labs.get(id)?.lab ?? null);
  }

  bySandbox(id: string) {
    const sandbox = this.#tables.sandboxes.get(id)?.sandbox ?? null;
    const lab = sandbox?.labId ? (this.#tables.labs.get(sandbox.labId)?.lab ?? null) : null;
    return { lab: lab?.sandboxId === id ? lab : null, sandbox, now: this.#now() };
  }

  list(query: LabQuery) {
    const end = query.cursor === undefined ? null : decodeCursor(query.cursor);
    const found = [...this.#tables.labs.values()]
      .map((row) => row.lab)
      .filter((lab) => query.trainee === undefined || lab.trainee === query.trainee)
      .filter((lab) => query.templateId === undefined || lab.templateId === query.templateId)
      .filter((lab) => query.class === undefined || lab.class === query.class)
      .filter((lab) => query.phases === undefined || query.phases.includes(lab.phase))
      .sort((a, b) => oldestFirst(b, a))
      .filter((lab) => end === null || oldestFirst(lab, end) < 0);
    const page = found.slice(0, query.limit);
    const last = page.at(-1);
    const items = page.map((lab) => ({ ...this.snapshot(lab), lab }));
    return { items, nextCursor: last && found.length > query.limit ? encodeCursor(last) : null };
  }

  /** The one way a lab moves; `successor` gives it another sandbox, or null to refuse. */
  move(
    id: string,
    version: number,
    change: LabChange,
    events: readonly LabEvent[],
    successor?: (lab: Lab) => Sandbox | null,
  ) {
    const row = this.#tables.labs.get(id);
    if (row?.lab.version !== version) return null;
    if (change.unlessUsedSince && row.lab.activeAt > change.unlessUsedSince) return null;
    if (change.phase === 'paused' && this.#operations.isWorkedOn(id)) return null;
    const own = row.lab.sandboxId === null ? undefined : this.#tables.sandboxes.get(row.lab.sandboxId);
    if (change.sandbox && own?.sandbox.version !== change.sandbox.version) return null;
    const next = successor?.(row.lab);
    if (next === null) return null;
    const now = this.#now();
    if (own && (change.sandbox || next)) {
      const asked = change.sandbox?.change ?? {};
      this.#putSandbox(changedSandbox(own, next ? { ...asked, state: 'dead', dueAt: now } : asked, now));
    }
    if (next) this.#putSandbox({ sandbox: next, dueAt: now });
    let moved = changedLab(row, change, next?.id);
    if (row.lab.phase === 'resuming' && moved.lab.phase === 'ready') {
      moved = { ...moved, lab: { ...moved.lab, activeAt: now } };
    }
    this.#tables.labs.set(id, moved);
    if (moved.lab.phase === 'paused' && row.lab.phase !== 'paused') {
      this.#operations.pause(id);
      this.#watches.end(id);
    }
    if (isAsleep(row.lab) && !isAsleep(moved.lab)) this.#operations.resume(id);
    if (change.forgetProgress) {
      this.#tables.progress.delete(id);
      this.#tables.marks.delete(id);
      this.#operations.forget(id);
    }
    if (change.rearmFaultsSince) this.#operations.rearm(id, change.rearmFaultsSince);
    if (change.forgetAnswers) this.#tables.answers.delete(id);
    this.#operations.plant(id, change.plant ?? []);
    if (change.watch) this.#watches.add(id);
    if (isOver(moved.lab) && !isOver(row.lab)) {
      this.#operations.endAll(id);
      this.#watches.end(id);
    }
    this.#tables.append(id, events, now);
    return this.snapshot(moved.lab);
  }

  /** The oldest fitting spare as it will be once claimed. */
  spareFor(lab: Lab): Sandbox | null {
    const spare = this.spares()
      .filter((one) => one.state === 'up' && one.failures === 0)
      .find((one) => one.templateHash === lab.templateHash && one.backend === lab.backend);
    return spare ? { ...spare, labId: lab.id, version: spare.version + 1 } : null;
  }

  fresh(input: NewSandbox, labId: string | null): Sandbox {
    return freshSandbox(input, labId, this.#now());
  }

  startSpare(input: NewSandbox, wanted: number): Sandbox | null {
    const alike = this.spares().filter(
      (one) => one.templateHash === input.templateHash && one.backend === input.backend,
    );
    if (alike.length >= wanted) return null;
    const sandbox = this.fresh(input, null);
    this.#putSandbox({ sandbox, dueAt: this.#now() });
    return sandbox;
  }

  changeSandbox(id: string, version: number, change: SandboxChange, events: readonly LabEvent[]) {
    const row = this.#tables.sandboxes.get(id);
    if (row?.sandbox.version !== version) return null;
    const now = this.#now();
    this.#putSandbox(changedSandbox(row, change, now));
    if (row.sandbox.labId !== null) this.#tables.append(row.sandbox.labId, events, now);
    return this.bySandbox(id);
  }

  spares(): Sandbox[] {
    return [...this.#tables.sandboxes.values()]
      .map((row) => row.sandbox)
      .filter((one) => one.labId === null && one.owner === null && isLiving(one))
      .sort(oldestFirst);
  }

  claimDue(limit: number, leaseSeconds: number): WakeKey[] {
    const now = this.#now();
    const due = this.#due()
      .filter((one) => one.dueAt.getTime() <= now.getTime())
      .sort((a, b) => a.dueAt.getTime() - b.dueAt.getTime() || compare(a.key, b.key))
      .slice(0, limit);
    for (const one of due) this.#setDue(one.key, after(now, leaseSeconds));
    return due.map((one) => one.key);
  }

  hold(key: WakeKey, leaseSeconds: number): void {
    const until = after(this.#now(), leaseSeconds);
    if (this.#tableOf(key).get(idOf(key))?.dueAt) this.#setDue(key, until);
  }

  rest(key: LabOrSandboxKey, version: number, seconds: number): void {
    const id = idOf(key);
    const row = key.startsWith('lab:')
      ? this.#tables.labs.get(id)?.lab
      : this.#tables.sandboxes.get(id)?.sandbox;
    if (row?.version === version) this.hold(key, seconds);
  }

  livingTemplates(): string[] {
    const labs = [...this.#tables.labs.values()].filter(({ lab }) => lab.phase !== 'terminated');
    const boxes = [...this.#tables.sandboxes.values()].filter(({ sandbox }) => isLiving(sandbox));
    return [
      ...new Set([
        ...labs.map(({ lab }) => lab.templateHash),
        ...boxes.map(({ sandbox }) => sandbox.templateHash),
        ...[...this.#tables.classes.values()].flatMap(({ pins }) => Object.values(pins)),
      ]),
    ];
  }

  living(ids: readonly string[]): Set<string> {
    return new Set(
      ids.filter((id) =>
        ['building', 'up'].includes(this.#tables.sandboxes.get(id)?.sandbox.state ?? 'gone'),
      ),
    );
  }

  append(labId: string, events: readonly LabEvent[]): void {
    if (!this.#tables.labs.has(labId)) throw labNotFound(labId);
    this.#tables.append(labId, events, this.#now());
  }

  touch(labId: string): void {
    const row = this.#tables.labs.get(labId);
    const now = this.#now();
    if (row === undefined || isOver(row.lab) || row.lab.activeAt >= after(now, -10)) return;
    this.#tables.labs.set(labId, { ...row, lab: { ...row.lab, activeAt: now } });
  }

  recentDemand(seconds: number) {
    const since = after(this.#now(), -seconds);
    type Demand = Pick<Lab, 'templateId' | 'class' | 'backend'>;
    const counts = new Map<string, { demand: Demand; count: number }>();
    for (const { lab } of this.#tables.labs.values()) {
      if (lab.createdAt <= since) continue;
      const demand = { templateId: lab.templateId, class: lab.class, backend: lab.backend };
      const key = JSON.stringify([demand.templateId, demand.class ?? '\uffff', demand.backend]);
      counts.set(key, { demand, count: (counts.get(key)?.count ?? 0) + 1 });
    }
    return [...counts]
      .sort(([a, x], [b, y]) => y.count - x.count || compare(a, b))
      .map(([, { demand }]) => demand);
  }

  queueFacts(lab: Lab) {
    const labs = [...this.#tables.labs.values()].map((row) => row.lab);
    const waiting = labs
      .filter(
        (one) => one.backend === lab.backend && (one.phase === 'requested' || one.phase === 'provisioning'),
      )
      .sort(oldestFirst);
    const waits = labs
      .filter((one) => one.templateId === lab.templateId && one.backend === lab.backend)
      .flatMap((one) => (one.readyAt ? [{ id: one.id, createdAt: one.createdAt, readyAt: one.readyAt }] : []))
      .sort((a, b) => b.readyAt.getTime() - a.readyAt.getTime())
      .slice(0, 50)
      .map((one) => (one.readyAt.getTime() - one.createdAt.getTime()) / 1000)
      .sort((a, b) => a - b);
    return {
      position: waiting.findIndex((one) => one.id === lab.id) + 1,
      p50Seconds: percentile(waits, 0.5),
      p90Seconds: percentile(waits, 0.9),
    };
  }

  #putSandbox(row: SandboxRow): void {
    this.#tables.sandboxes.set(row.sandbox.id, row);
  }

  #due(): { key: WakeKey; dueAt: Date }[] {
    const due: { key: WakeKey; dueAt: Date }[] = [];
    for (const { lab, dueAt } of this.#tables.labs.values())
      if (dueAt) due.push({ key: `lab:${lab.id}`, dueAt });
    for (const { sandbox, dueAt } of this.#tables.sandboxes.values()) {
      const alone = (sandbox.labId === null && sandbox.owner === null) || sandbox.state === 'dead';
      if (dueAt && alone) due.push({ key: `sandbox:${sandbox.id}`, dueAt });
    }
    for (const { attempt, dueAt } of this.#tables.attempts.values()) {
      if (dueAt) due.push({ key: `attempt:${attempt.id}`, dueAt });
    }
    for (const { operation, dueAt } of this.#tables.operations.values()) {
      if (dueAt) due.push({ key: `operation:${operation.id}`, dueAt });
    }
    for (const [labId, { dueAt }] of this.#tables.watches)
      if (dueAt) due.push({ key: `watch:${labId}`, dueAt });
    return due;
  }

  #tableOf(key: WakeKey): Map<string, { readonly dueAt: Date | null }> {
    const { labs, sandboxes, attempts, operations, watches } = this.#tables;
    if (key.startsWith('lab:')) return labs;
    if (key.startsWith('sandbox:')) return sandboxes;
    if (key.startsWith('operation:')) return operations;
    return key.startsWith('watch:') ? watches : attempts;
  }

  #setDue(key: WakeKey, dueAt: Date): void {
    const table = this.#tableOf(key);
    const row = table.get(idOf(key));
    if (row) table.set(idOf(key), { ...row, dueAt });
  }
}

function isAsleep(lab: Lab): boolean {
  return lab.phase === 'paused' || lab.phase === 'resuming';
}

function isOver(lab: Lab): boolean {
  return lab.phase === 'terminating' || lab.phase === 'terminated';
}

function idOf(key: WakeKey): string {
  return key.slice(key.indexOf(':') + 1);
}

function changedLab(row: LabRow, change: LabChange, sandboxId: string | undefined): LabRow {
  const { forgetProgress, forgetAnswers, rearmFaultsSince, plant, watch, dueAt, sandbox, ...rest } = change;
  const { unlessUsedSince, ...fields } = rest;
  const lab: Lab = { ...row.lab, ...fields, version: row.lab.version + 1 };
  return {
    lab: {
      ...lab,
      sandboxId: sandboxId ?? lab.sandboxId,
      pausedBecause: isAsleep(lab) ? lab.pausedBecause : null,
      params: lab.params && stored(lab.params),
      endDetail: lab.endDetail && wellFormed(lab.endDetail),
    },
    dueAt: dueAt ?? (fields.phase === 'terminated' ? null : row.dueAt),
  };
}

function changedSandbox(row: SandboxRow, change: SandboxChange, now: Date): SandboxRow {
  const { dueAt, ...fields } = change;
  const sandbox: Sandbox = { ...row.sandbox, ...fields, version: row.sandbox.version + 1 };
  const byState = fields.state === 'gone' ? null : fields.state === 'dead' ? now : row.dueAt;
  return {
    sandbox: {
      ...sandbox,
      components: stored(sandbox.components),
      survey: sandbox.survey && stored(sandbox.survey),
      lastError: sandbox.lastError && wellFormed(sandbox.lastError),
    },
    dueAt: dueAt ?? byState,
  };
}

function oldestFirst(a: { createdAt: Date; id: string }, b: { createdAt: Date; id: string }): number {
  return a.createdAt.getTime() - b.createdAt.getTime() || compare(a.id, b.id);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Linear between the two nearest, as PostgreSQL's percentile_cont. */
function percentile(sorted: readonly number[], share: number): number | null {
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)];
  const high = sorted[Math.ceil(place)];
  return low === undefined || high === undefined ? null : low + (high - low) * (place - Math.floor(place));
}
