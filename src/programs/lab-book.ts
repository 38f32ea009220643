/** The labs that a program may name, and which of their checks it means. */
import type { Path } from '../templates/problem.ts';
import { didYouMean, listWords } from '../templates/suggest.ts';
import type { Report } from './parse.ts';
import type { AuthoredProgram } from './schema.ts';
import type { CheckPick, KnownLab, ProgramLab } from './types.ts';

export interface LabBook {
  /** Notes that the program uses this lab; an unknown one is reported. */
  use(id: string, path: Path): void;
  /** As `use`, without making the lab a part of the program; `where` reports for another file. */
  mention(id: string, path: Path, where?: Report): void;
  /**
   * Selections with `*` spelled out. Unknown checks, tasks and competencies are reported.
   *
   * @param modules what `*` stands for; null where it stands for nothing.
   */
  picks(
    written: Readonly<Record<string, readonly string[]>>,
    path: Path,
    modules: readonly string[] | null,
  ): readonly CheckPick[];
  /** Null: there is no template of it. */
  find(id: string): KnownLab | null;
  isKnown(id: string): boolean;
  readonly ids: readonly string[];
  used(): readonly ProgramLab[];
  /** Reports what is to be said once all uses are known. */
  finish(): void;
}

export function createLabBook(
  { planned }: Pick<AuthoredProgram, 'planned'>,
  report: Report,
  known: readonly KnownLab[],
  tags: readonly string[],
): LabBook {
  const labs = new Map(known.map((lab) => [lab.id, lab]));
  const ids = [...new Set([...labs.keys(), ...planned])];
  const competencies = [...new Set([...tags, ...known.flatMap((lab) => lab.competencies)])];
  const used = new Set<string>();

  function mention(id: string, path: Path, where = report): boolean {
    if (labs.has(id) || planned.includes(id)) return true;
    const near = didYouMean(id, ids);
    const end = near === '' ? '; a lab that is not built yet is named in "planned"' : near;
    where(path, 'unknown_name', `there is no lab "${id}"${end}`);
    return false;
  }

  function use(id: string, path: Path): void {
    if (mention(id, path)) used.add(id);
  }

  function checkWord(lab: KnownLab, text: string, path: Path): void {
    if (text === 'all' || text === 'task:*' || text.startsWith('competency:')) return;
    const isTask = text.startsWith('task:');
    const name = text.replace(/^(task:|!)/, '');
    const there = isTask ? lab.tasks : lab.checks;
    if (there.includes(name)) return;
    const what = isTask ? 'task' : 'check';
    const end = didYouMean(name, there) || `; it has ${listWords(there)}`;
    report(path, 'unknown_name', `lab "${lab.id}" has no ${what} "${name}"${end}`);
  }

  return {
    ids,
    use,
    mention: (id, path, where) => void mention(id, path, where),
    find: (id) => labs.get(id) ?? null,
    isKnown: (id) => ids.includes(id),
    picks(written, path, modules) {
      return Object.entries(written).flatMap(([lab, words]) => {
        const here = [...path, lab];
        for (const text of words) {
          if (!text.startsWith('competency:')) continue;
          const name = text.slice('competency:'.length);
          if (competencies.includes(name)) continue;
          report(here, 'unknown_name', `there is no competency "${name}"${didYouMean(name, competencies)}`);
        }
        if (lab !== '*') {
          use(lab, here);
          const found = labs.get(lab);
          if (found !== undefined) for (const text of words) checkWord(found, text, here);
          return [{ lab, words }];
        }
        if (modules === null) {
          report(here, 'wrong_value', '"*" stands for the modules of a session: name the labs here', {
            what: 'key',
          });
          return [];
        }
        const special = words.filter((text) => !/^(all|task:\*|competency:.*)$/.test(text));
        if (special.length > 0) {
          const message = `"*": found "${special[0]}"; allowed for several labs: all, task:*, competency:<name>`;
          report(here, 'wrong_value', message);
        }
        const rest = modules.filter((one) => !Object.hasOwn(written, one));
        const meant = rest.filter((one) => claims(labs.get(one), words));
        if (meant.length === 0) {
          report(here, 'style', '"*" selects no lab yet', { severity: 'warning', what: 'key' });
        }
        return meant.map((one) => ({ lab: one, words }));
      });
    },
    used: () => [...used].map((id) => ({ id, title: labs.get(id)?.title ?? id, available: labs.has(id) })),
    finish() {
      const waiting = planned.filter((id) => !labs.has(id));
      if (waiting.length > 0) {
        const count = waiting.length === 1 ? '1 planned lab counts' : `${waiting.length} planned labs count`;
        const message = `${count} as nothing until built: ${listWords(waiting)}`;
        report(['planned'], 'style', message, { severity: 'warning', what: 'key' });
      }
      for (const [at, id] of planned.entries()) {
        const warn = (message: string) => report(['planned', at], 'style', message, { severity: 'warning' });
        if (labs.has(id)) warn(`"${id}" is built: it is not planned any more`);
        else if (!used.has(id)) warn(`"${id}" is planned and used nowhere`);
      }
    },
  };
}

/** Whether a selection for several labs may mean this one; of a planned lab nobody knows what it will show. */
function claims(lab: KnownLab | undefined, words: readonly string[]): boolean {
  return words.some((text) =>
    text.startsWith('competency:')
      ? lab?.competencies.includes(text.slice('competency:'.length)) === true
      : true,
  );
}
