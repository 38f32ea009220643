/** What people may ask of programs: how far somebody is, what was stored about them, and the whole as a table. */
import { LabError } from '../lab/errors.ts';
import type { Caller } from '../lab/lab-service.ts';
import type { TemplateStore } from '../lab/ports.ts';
import { formatProblem } from '../templates/problem.ts';
import type { Template } from '../templates/types.ts';
import { acceptFact, type GivenFact } from './accept-fact.ts';
import { progressOf, type TraineeProgress } from './progress.ts';
import type { Fact } from './record.ts';
import { resultOf } from './results.ts';
import type { LoadedProgram, ProgramSource } from './source.ts';
import type { GradedAttempt, ProgramStore } from './store.ts';
import type { Program } from './types.ts';

export interface ProgramServiceDeps {
  readonly source: ProgramSource;
  readonly store: ProgramStore;
  readonly templateStore: Pick<TemplateStore, 'load'>;
  /** The nearest known word, or null. */
  readonly nearest: (word: string, known: readonly string[]) => string | null;
}

export interface BrokenProgram {
  readonly file: string;
  /** Errors with their places. */
  readonly problems: readonly string[];
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

export interface PageQuery {
  readonly trainee?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** Trainees whose records are read at once for an export: memory stays bounded however many there are. */
const exportBatch = 100;

export type ProgramService = ReturnType<typeof createProgramService>;

export function createProgramService({ source, store, templateStore, nearest }: ProgramServiceDeps) {
  async function find(id: string): Promise<Program> {
    const all = await source.read();
    const programs = all.flatMap((one) => (one.program === null ? [] : [one.program]));
    const found = programs.find((one) => one.id === id);
    if (found !== undefined) return found;
    if (all.some((one) => one.program === null && one.file.replace(/\.ya?ml$/, '') === id)) {
      const message = `The program "${id}" does not load; \`labwright program lint\` shows why.`;
      throw new LabError('template_invalid', message, { extra: { program: id } });
    }
    const known = programs.map((one) => one.id);
    const near = nearest(id, known);
    const hint = near === null ? `Known: ${known.join(', ') || 'none'}.` : `Did you mean "${near}"?`;
    throw new LabError('program_not_found', `There is no program "${id}". ${hint}`, {
      extra: { program: id, known, ...(near === null ? {} : { suggestion: near }) },
    });
  }

  /** Everything about these trainees, in few queries however many they are. */
  async function progressOfAll(program: Program, trainees: readonly string[]): Promise<TraineeProgress[]> {
    // Also labs whose template is gone: what was handed in there still counts.
    const labs = program.labs.map((one) => one.id);
    const [facts, attempts, open, now] = await Promise.all([
      store.facts(program.id, trainees),
      store.attempts(trainees, labs, program.counts !== 'best'),
      store.openLabs(trainees, labs),
      store.now(),
    ]);
    const templates = await templatesOf(attempts);
    const [factsOf, attemptsOf, openOf] = [byTrainee(facts), byTrainee(attempts), byTrainee(open)];
    return trainees.map((trainee) => {
      const record = {
        trainee,
        facts: factsOf(trainee),
        results: attemptsOf(trainee).map((one) =>
          resultOf(one, templates.get(one.attempt.templateHash) ?? null),
        ),
        open: Object.fromEntries(openOf(trainee).map((one) => [one.templateId, one.labId])),
      };
      return progressOf(program, record, now);
    });
  }

  async function templatesOf(attempts: readonly GradedAttempt[]): Promise<ReadonlyMap<string, Template>> {
    const hashes = [...new Set(attempts.map((one) => one.attempt.templateHash))];
    const versions = await Promise.all(hashes.map((hash) => templateStore.load(hash)));
    return new Map(versions.flatMap((one) => (one === null ? [] : [[one.hash, one.template] as const])));
  }

  async function page(program: Program, after: string | null, limit: number): Promise<Page<string>> {
    const labs = program.labs.map((one) => one.id);
    const names = await store.trainees(program.id, labs, after, limit + 1);
    const items = names.slice(0, limit);
    const last = items.at(-1);
    return { items, nextCursor: names.length > limit && last !== undefined ? encode(last) : null };
  }

  return {
    /** Those that load; what does not is told to instructors. */
    async list(caller: Caller): Promise<{
      readonly programs: readonly Program[];
      readonly broken: readonly BrokenProgram[];
    }> {
      const all = await source.read();
      return {
        programs: all.flatMap((one) => (one.program === null ? [] : [one.program])),
        broken: caller.role === 'trainee' ? [] : brokenOf(all),
      };
    },

    /** What does not load: for the log of a server that starts. */
    async broken(): Promise<readonly BrokenProgram[]> {
      return brokenOf(await source.read());
    },

    /** Throws `program_not_found`, `template_invalid` for one that does not load. */
    get: find,

    /** A trainee's own; for instructors anybody's, or everybody's by name. Throws `forbidden`. */
    async progress(caller: Caller, id: string, query: PageQuery): Promise<Page<TraineeProgress>> {
      const program = await find(id);
      const trainee = whose(caller, query.trainee, 'the progress of others');
      if (trainee !== undefined) return { items: await progressOfAll(program, [trainee]), nextCursor: null };
      const names = await page(
        program,
        query.cursor === undefined ? null : decode(query.cursor),
        query.limit,
      );
      return { items: await progressOfAll(program, names.items), nextCursor: names.nextCursor };
    },

    /** Stores all of them or none. Throws `forbidden`, `validation_failed`. */
    async addFacts(caller: Caller, id: string, given: readonly GivenFact[]): Promise<readonly Fact[]> {
      if (caller.role === 'trainee') throw new LabError('forbidden', 'Only an instructor may store facts.');
      const program = await find(id);
      const now = await store.now();
      const facts = given.map((one, at) =>
        acceptFact(program, one, { by: caller.subject, now, field: `facts.${at}.` }),
      );
      return store.addFacts(program.id, facts);
    },

    /** What was stored, newest first, corrected facts too. Throws `forbidden`. */
    async facts(caller: Caller, id: string, query: PageQuery): Promise<Page<Fact>> {
      const program = await find(id);
      const trainee = whose(caller, query.trainee, 'what was stored about others');
      const { cursor, limit } = query;
      if (cursor !== undefined && !/^[1-9]\d{0,17}$/.test(cursor)) throw badCursor();
      const found = await store.listFacts(program.id, {
        limit: limit + 1,
        ...(trainee === undefined ? {} : { trainee }),
        ...(cursor === undefined ? {} : { before: cursor }),
      });
      const items = found.slice(0, limit);
      return { items, nextCursor: found.length > limit ? (items.at(-1)?.id ?? null) : null };
    },

    /** Everybody by name, read in batches as they are asked for. Throws `forbidden` before the first. */
    async export(
      caller: Caller,
      id: string,
    ): Promise<{ readonly program: Program; readonly rows: AsyncGenerator<TraineeProgress> }> {
      if (caller.role === 'trainee') throw new LabError('forbidden', 'Only an instructor may export.');
      const program = await find(id);
      async function* rows() {
        let after: string | null = null;
        for (;;) {
          const names: Page<string> = await page(program, after, exportBatch);
          yield* await progressOfAll(program, names.items);
          after = names.items.at(-1) ?? null;
          if (names.nextCursor === null) return;
        }
      }
      return { program, rows: rows() };
    },
  };
}

function brokenOf(all: readonly LoadedProgram[]): readonly BrokenProgram[] {
  return all
    .filter((one) => one.program === null)
    .map(({ file, problems }) => ({
      file,
      problems: problems.filter(({ severity }) => severity === 'error').map(formatProblem),
    }));
}

/** Undefined: everybody. Throws `forbidden` for a trainee who asks for somebody else. */
function whose(caller: Caller, wanted: string | undefined, what: string): string | undefined {
  if (caller.role !== 'trainee') return wanted;
  if (wanted === undefined || wanted === caller.subject) return caller.subject;
  throw new LabError('forbidden', `trainee: only an instructor may see ${what}.`, {
    extra: { field: 'trainee' },
  });
}

function byTrainee<T extends { readonly trainee: string }>(
  all: readonly T[],
): (trainee: string) => readonly T[] {
  const groups = Map.groupBy(all, (one) => one.trainee);
  return (trainee) => groups.get(trainee) ?? [];
}

const encode = (name: string) => Buffer.from(name).toString('base64url');

function decode(cursor: string): string {
  const name = Buffer.from(cursor, 'base64url').toString();
  if (name === '' || encode(name) !== cursor || name.includes('\0')) throw badCursor();
  return name;
}

function badCursor(): LabError {
  const message = 'The cursor is not one that this server gave out: ask for the first page.';
  return new LabError('validation_failed', message, { extra: { field: 'cursor' } });
}
