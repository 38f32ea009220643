/** Releases and classes of the in-memory store. */
import type {
  Act,
  Choice,
  ClassFacts,
  ClassRecord,
  ReleaseOutcome,
  RollbackOutcome,
  VersionRecord,
} from '../../src/lab/releases/types.ts';
import { wellFormed } from '../../src/store/well-formed.ts';
import type { MemoryTables, ReleaseRow } from './memory-tables.ts';

export class MemoryReleases {
  readonly #tables: MemoryTables;
  readonly #now: () => Date;

  constructor(tables: MemoryTables, now: () => Date) {
    this.#tables = tables;
    this.#now = now;
  }

  choice(templateId: string, classId: string | null): Choice {
    const group = classId === null ? undefined : this.#tables.classes.get(classId);
    return {
      released: this.#standing(templateId)?.hash ?? null,
      pinned: group?.pins[templateId] ?? null,
      classKnown: group !== undefined,
    };
  }

  released() {
    const ids = [...new Set(this.#tables.releases.map((row) => row.templateId))].sort();
    return ids.flatMap((templateId) => {
      const standing = this.#standing(templateId);
      return standing === undefined ? [] : [{ templateId, hash: standing.hash }];
    });
  }

  pinned(): string[] {
    return [...new Set([...this.#tables.classes.values()].flatMap(({ pins }) => Object.values(pins)))].sort();
  }

  stage(templateId: string, hash: string, act: Act): void {
    const place = this.#tables.staged.findIndex((row) => row.templateId === templateId && row.hash === hash);
    if (place >= 0) this.#tables.staged.splice(place, 1);
    this.#tables.staged.push({ templateId, hash, at: this.#now(), act: told(act) });
  }

  release(templateId: string, hash: string | null, act: Act): ReleaseOutcome {
    const wanted = this.#tables.staged.findLast(
      (row) => row.templateId === templateId && (hash === null || row.hash === hash),
    );
    if (wanted === undefined) return { outcome: hash === null ? 'nothing_staged' : 'not_staged' };
    const standing = this.#standing(templateId);
    if (wanted.hash === standing?.hash) return { outcome: 'known', hash: wanted.hash };
    const since = this.#of(templateId).filter(
      (row) => row.hash === wanted.hash && (row.withdrawn?.at ?? row.at) >= wanted.at,
    );
    if (hash === null && since.length > 0) return { outcome: 'nothing_staged' };
    const row = { templateId, hash: wanted.hash, at: this.#now(), act: told(act), withdrawn: null };
    this.#tables.releases.push(row);
    return { outcome: 'released', hash: wanted.hash, before: standing?.hash ?? null };
  }

  rollBack(templateId: string, from: string | null, act: Act): RollbackOutcome {
    const [earlier, standing] = this.#of(templateId)
      .filter((row) => row.withdrawn === null)
      .slice(-2);
    const top = standing ?? earlier;
    if (top === undefined) return { outcome: 'never_released' };
    if (from !== null && from !== top.hash) return { outcome: 'moved', hash: top.hash };
    if (standing === undefined || earlier === undefined) return { outcome: 'no_earlier' };
    const place = this.#tables.releases.indexOf(standing);
    this.#tables.releases[place] = { ...standing, withdrawn: { at: this.#now(), act: told(act) } };
    return { outcome: 'rolled_back', hash: earlier.hash, before: standing.hash };
  }

  versions(templateId: string): VersionRecord[] {
    const living = [...this.#tables.labs.values()]
      .map(({ lab }) => lab)
      .filter((lab) => lab.templateId === templateId && lab.phase !== 'terminated')
      .map((lab) => lab.templateHash);
    const staged = this.#tables.staged.filter((row) => row.templateId === templateId);
    const hashes = [...new Set([...staged.map(({ hash }) => hash), ...living])].sort();
    return hashes
      .map((hash) => ({
        hash,
        ...this.#stageOf(templateId, hash),
        labs: living.filter((one) => one === hash).length,
        classes: [...this.#tables.classes.values()]
          .filter(({ pins }) => pins[templateId] === hash)
          .map(({ id }) => id)
          .sort(),
      }))
      .sort((a, b) => (b.since?.getTime() ?? -1) - (a.since?.getTime() ?? -1));
  }

  find(templateId: string, prefix: string): string[] {
    return [...this.#tables.templates.values()]
      .filter(({ template, hash }) => template.id === templateId && hash.startsWith(prefix))
      .map(({ hash }) => hash)
      .sort()
      .slice(0, 10);
  }

  putClass(id: string, facts: ClassFacts, by: string): ClassRecord {
    const title = wellFormed(facts.title);
    const row = { id, ...facts, title, changedAt: this.#now(), changedBy: wellFormed(by) };
    this.#tables.classes.set(id, row);
    return this.#counted(row);
  }

  getClass(id: string): ClassRecord | null {
    const found = this.#tables.classes.get(id);
    return found === undefined ? null : this.#counted(found);
  }

  listClasses(): ClassRecord[] {
    return [...this.#tables.classes.values()]
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map((row) => this.#counted(row));
  }

  deleteClass(id: string): boolean {
    return this.#tables.classes.delete(id);
  }

  #counted(row: Omit<ClassRecord, 'labs'>): ClassRecord {
    const labs = [...this.#tables.labs.values()].filter(
      ({ lab }) => lab.class === row.id && lab.phase !== 'terminated',
    );
    return { ...row, labs: labs.length };
  }

  #of(templateId: string): ReleaseRow[] {
    return this.#tables.releases.filter((row) => row.templateId === templateId);
  }

  #standing(templateId: string): ReleaseRow | undefined {
    return this.#of(templateId).findLast((row) => row.withdrawn === null);
  }

  #stageOf(templateId: string, hash: string): Pick<VersionRecord, 'stage' | 'since' | 'by' | 'note'> {
    const staged = this.#tables.staged.find((row) => row.templateId === templateId && row.hash === hash);
    if (staged === undefined) return { stage: 'draft', since: null, by: null, note: null };
    const standing = this.#standing(templateId);
    const isReleased = standing?.hash === hash;
    const last = isReleased ? standing : this.#of(templateId).findLast((row) => row.hash === hash);
    if (last === undefined || (!isReleased && staged.at > (last.withdrawn?.at ?? last.at))) {
      return { stage: 'staged', since: staged.at, ...staged.act };
    }
    if (isReleased) return { stage: 'released', since: last.at, ...last.act };
    if (last.withdrawn === null) return { stage: 'replaced', since: last.at, ...last.act };
    return { stage: 'withdrawn', since: last.withdrawn.at, ...last.withdrawn.act };
  }
}

function told({ by, note }: Act): Act {
  return { by: wellFormed(by), note: note === null ? null : wellFormed(note) };
}
