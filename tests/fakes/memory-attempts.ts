/** Attempts, answers, hints and evidence of the in-memory store. */
import { staleness } from '../../src/grading/staleness.ts';
import type {
  Attempt,
  AttemptHistory,
  AttemptOutcome,
  AttemptStore,
  AttemptWork,
} from '../../src/grading/types.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { lateBy, refusalOf } from '../../src/store/attempt-refusal.ts';
import { labNotFound, refusesAttempt } from '../../src/store/refusals.ts';
import { wellFormed } from '../../src/store/well-formed.ts';
import type { AnswerValue } from '../../src/templates/types.ts';
import type { MemoryForks } from './memory-forks.ts';
import type { MemoryOperations } from './memory-operations.ts';
import { type AttemptRow, after, inner, type MemoryTables, stored } from './memory-tables.ts';

export class MemoryAttempts {
  readonly #tables: MemoryTables;
  readonly #now: () => Date;
  readonly #forks: MemoryForks;
  readonly #operations: MemoryOperations;

  constructor(
    tables: MemoryTables,
    now: () => Date,
    beside: { readonly forks: MemoryForks; readonly operations: MemoryOperations },
  ) {
    this.#tables = tables;
    this.#now = now;
    this.#forks = beside.forks;
    this.#operations = beside.operations;
  }

  request(labId: string, options: Parameters<AttemptStore['requestAttempt']>[1]): Attempt {
    const known = this.#tables.attempts.get(options.id);
    if (known) return known.attempt;
    const now = this.#now();
    const lab = this.#tables.labs.get(labId)?.lab;
    if (!lab) throw labNotFound(labId);
    const refusal = refusesAttempt(lab);
    if (refusal) throw refusal;
    const history = this.history(labId);
    const refused = refusalOf(history, options);
    if (refused) throw refused;
    const last = history.earlier.findLast(({ own }) => own);
    const attempt: Attempt = {
      id: options.id,
      labId,
      number: (last?.number ?? 0) + 1,
      final: options.final,
      state: 'queued',
      templateHash: lab.templateHash,
      requestedAt: now,
      startedAt: null,
      finishedAt: null,
      points: null,
      maxPoints: options.maxPoints,
      penalty: 0,
      voidReason: null,
      lateSeconds: lateBy(history, options.final),
      results: [],
    };
    const generations = this.#generations(lab.sandboxId);
    this.#tables.attempts.set(attempt.id, {
      attempt,
      alone: options.alone ?? false,
      counted: options.limits !== undefined,
      fence: 0,
      sandboxId: lab.sandboxId,
      generations,
      dueAt: now,
    });
    const data = { attempt: attempt.number, final: attempt.final };
    this.#tables.append(labId, [{ type: 'attempt.requested', data }], now);
    return attempt;
  }

  history(labId: string): AttemptHistory {
    const lab = this.#tables.labs.get(labId)?.lab;
    if (!lab) throw labNotFound(labId);
    const due = lab.class === null ? undefined : this.#tables.classes.get(lab.class)?.due[lab.templateId];
    const earlier = [...this.#tables.labs.values()]
      .map((row) => row.lab)
      .filter((one) => one.id === labId || (lab.class !== null && isSameWork(one, lab)))
      .flatMap((one) => this.#tables.attemptsOf(one.id))
      .map(({ attempt, counted }) => ({
        own: attempt.labId === labId,
        number: attempt.number,
        final: attempt.final,
        state: attempt.state,
        counted,
        requestedAt: attempt.requestedAt,
        finishedAt: attempt.finishedAt,
        results: attempt.results,
      }))
      .sort((a, b) => a.requestedAt.getTime() - b.requestedAt.getTime());
    return { earlier, due: due ?? null, now: this.#now() };
  }

  start(id: string, leaseSeconds: number): AttemptWork | null {
    const row = this.#tables.attempts.get(id);
    if (!row || !isOpen(row.attempt)) return null;
    const now = this.#now();
    const isBusy = this.#operations.list(row.attempt.labId).some(({ state }) => state === 'running');
    if (row.alone && row.attempt.state === 'queued' && isBusy) {
      this.#tables.attempts.set(id, { ...row, dueAt: after(now, 1) });
      return null;
    }
    const attempt: Attempt = { ...row.attempt, state: 'running', startedAt: row.attempt.startedAt ?? now };
    const started = { ...row, attempt, fence: row.fence + 1, dueAt: after(now, leaseSeconds) };
    this.#tables.attempts.set(id, started);
    this.#forks.condemn(`attempt:${id}`);
    if (row.attempt.state === 'queued') {
      const data = { attempt: attempt.number };
      this.#tables.append(attempt.labId, [{ type: 'attempt.started', data }], now);
    }
    const { fence, sandboxId, generations } = started;
    return { attempt, fence, sandboxId, generations };
  }

  finish(id: string, fence: number, outcome: AttemptOutcome): boolean {
    const row = this.#tables.attempts.get(id);
    if (row?.fence !== fence) return false;
    if (row.attempt.state === 'finished') return true;
    const lab = this.#tables.labs.get(row.attempt.labId)?.lab;
    if (row.attempt.state !== 'running' || !lab) return false;
    const { phase, sandboxId } = lab;
    const reason = staleness(
      row,
      { phase, sandboxId, generations: this.#generations(sandboxId) },
      'while it was being graded',
    );
    if (reason !== null) {
      this.#void(row, reason);
      return true;
    }
    const now = this.#now();
    for (const piece of outcome.evidence) {
      if (!this.#tables.evidence.has(piece.address))
        this.#tables.evidence.set(piece.address, piece.bytes.slice());
    }
    const progress = inner(this.#tables.progress, lab.id);
    for (const { checkId, verdict, points } of outcome.results) {
      if (verdict === 'pass' && !progress.has(checkId))
        progress.set(checkId, { checkId, passedAt: now, points });
    }
    const { points, penalty, results } = outcome;
    const done = { state: 'finished', finishedAt: now, points, penalty, results: stored(results) } as const;
    const attempt: Attempt = { ...row.attempt, ...done };
    this.#tables.attempts.set(id, { ...row, attempt, dueAt: null });
    this.#forks.condemn(`attempt:${id}`);
    this.#operations.plant(lab.id, outcome.plant ?? []);
    this.#operations.trigger(lab.id, outcome.trigger ?? []);
    const { number, maxPoints, final } = attempt;
    const judged = results.map(
      ({ checkId, verdict, points }) =>
        ({ type: 'check.judged', data: { attempt: number, check: checkId, verdict, points } }) as const,
    );
    const finished = { attempt: number, final, points, maxPoints, penalty };
    this.#tables.append(lab.id, [...judged, { type: 'attempt.finished', data: finished }], now);
    return true;
  }

  void(id: string, reason: string): void {
    const row = this.#tables.attempts.get(id);
    if (row && isOpen(row.attempt)) this.#void(row, reason);
  }

  get(labId: string, number: number): Attempt | null {
    return this.list(labId).find((one) => one.number === number) ?? null;
  }

  list(labId: string): Attempt[] {
    return this.#tables.attemptsOf(labId).map((row) => row.attempt);
  }

  putAnswer(labId: string, question: string, value: AnswerValue): void {
    if (!this.#tables.labs.has(labId)) throw labNotFound(labId);
    inner(this.#tables.answers, labId).set(question, stored(value));
  }

  takeHint(labId: string, checkId: string, available: number): number {
    if (!this.#tables.labs.has(labId)) throw labNotFound(labId);
    const taken = inner(this.#tables.hints, labId);
    const now = Math.min((taken.get(checkId) ?? 0) + 1, available);
    if (now > 0) taken.set(checkId, now);
    return now;
  }

  #void(row: AttemptRow, reason: string): void {
    const now = this.#now();
    const told = wellFormed(reason);
    const attempt: Attempt = { ...row.attempt, state: 'void', finishedAt: now, voidReason: told };
    this.#tables.attempts.set(attempt.id, { ...row, attempt, dueAt: null });
    this.#forks.condemn(`attempt:${attempt.id}`);
    const data = { attempt: attempt.number, reason: told };
    this.#tables.append(attempt.labId, [{ type: 'attempt.void', data }], now);
  }

  #generations(sandboxId: string | null): Record<string, number> {
    const components =
      sandboxId === null ? {} : (this.#tables.sandboxes.get(sandboxId)?.sandbox.components ?? {});
    return Object.fromEntries(Object.entries(components).map(([name, row]) => [name, row.generation]));
  }
}

function isSameWork(a: Lab, b: Lab): boolean {
  return a.class === b.class && a.templateId === b.templateId && a.trainee === b.trainee;
}

function isOpen(attempt: Attempt): boolean {
  return attempt.state === 'queued' || attempt.state === 'running';
}
