/** What people say about labs, in the in-memory store. */
import type { HelpRequest, Mark, Override, PeopleStore } from '../../src/grading/types.ts';
import type { LabEvent } from '../../src/lab/lab.ts';
import { attemptNotFound, labNotFound } from '../../src/store/refusals.ts';
import { wellFormed } from '../../src/store/well-formed.ts';
import { inner, type MemoryTables, stored } from './memory-tables.ts';

export class MemoryPeople {
  readonly #tables: MemoryTables;
  readonly #now: () => Date;

  constructor(tables: MemoryTables, now: () => Date) {
    this.#tables = tables;
    this.#now = now;
  }

  putMark(labId: string, mark: Omit<Mark, 'at'>): Mark {
    this.#tell(labId, { type: 'check.marked', data: { check: mark.checkId, by: mark.by } });
    const comment = mark.comment && wellFormed(mark.comment);
    const put = { ...mark, marks: stored(mark.marks), comment, at: this.#now() };
    inner(this.#tables.marks, labId).set(mark.checkId, put);
    return put;
  }

  marks(labId: string): Mark[] {
    return sorted(this.#tables.marks.get(labId));
  }

  putOverride(labId: string, override: Omit<Override, 'at'>): Override {
    if (!this.#tables.labs.has(labId)) throw labNotFound(labId);
    const { attempt, checkId, verdict, points, by } = override;
    if (!this.#tables.attemptsOf(labId).some((row) => row.attempt.number === attempt)) {
      throw attemptNotFound(attempt);
    }
    this.#tell(labId, {
      type: 'check.overridden',
      data: { attempt, check: checkId, verdict, points, by },
    });
    const put = { ...override, reason: wellFormed(override.reason), at: this.#now() };
    inner(this.#tables.overrides, labId).set(`${String(attempt).padStart(9, '0')} ${checkId}`, put);
    return put;
  }

  overrides(labId: string): Override[] {
    return sorted(this.#tables.overrides.get(labId));
  }

  askHelp(labId: string, { id, task, message }: Parameters<PeopleStore['askHelp']>[1]): HelpRequest {
    this.#tell(labId, { type: 'help.requested', data: { help: id, task } });
    for (const other of this.#tables.help.values()) {
      if (other.labId === labId && other.answeredAt === null) this.#tables.help.delete(other.id);
    }
    const lab = this.#tables.labs.get(labId)?.lab;
    if (lab === undefined) throw labNotFound(labId);
    const { trainee, templateId } = lab;
    const unanswered = { answer: null, answeredBy: null, answeredAt: null };
    const asked = { id, labId, trainee, templateId, task, message: wellFormed(message), ...unanswered };
    const help = { ...asked, askedAt: this.#now() };
    this.#tables.help.set(id, help);
    return help;
  }

  answerHelp(
    labId: string,
    id: string,
    answer: Parameters<PeopleStore['answerHelp']>[2],
  ): HelpRequest | null {
    const help = this.#tables.help.get(id);
    if (help?.labId !== labId || help.answeredAt !== null) return null;
    const { text, by } = answer;
    const answered = { ...help, answer: wellFormed(text), answeredBy: by, answeredAt: this.#now() };
    this.#tables.help.set(id, answered);
    this.#tell(labId, { type: 'help.answered', data: { help: id, by } });
    return answered;
  }

  listHelp({ labId, open, limit }: Parameters<PeopleStore['listHelp']>[0]): HelpRequest[] {
    return [...this.#tables.help.values()]
      .filter((one) => labId === undefined || one.labId === labId)
      .filter((one) => open === undefined || (one.answeredAt === null) === open)
      .sort(openFirst)
      .slice(0, limit);
  }

  #tell(labId: string, event: LabEvent): void {
    if (!this.#tables.labs.has(labId)) throw labNotFound(labId);
    this.#tables.append(labId, [event], this.#now());
  }
}

function sorted<T>(rows: ReadonlyMap<string, T> | undefined): T[] {
  return [...(rows ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

/** Open ones, oldest first; then the newest answered ones. */
function openFirst(a: HelpRequest, b: HelpRequest): number {
  const never = Number.POSITIVE_INFINITY;
  const answered = (b.answeredAt?.getTime() ?? never) - (a.answeredAt?.getTime() ?? never);
  if (!Number.isNaN(answered) && answered !== 0) return answered;
  return a.askedAt.getTime() - b.askedAt.getTime() || (a.id < b.id ? -1 : 1);
}
