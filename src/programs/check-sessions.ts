/** Sessions with their assessments: ids, weights, and where each percentage comes from. */
import type { Path } from '../templates/problem.ts';
import { didYouMean, listWords } from '../templates/suggest.ts';
import type { LabBook } from './lab-book.ts';
import type { Report } from './parse.ts';
import type { AuthoredProgram } from './schema.ts';
import type { Session, Source } from './types.ts';

export function checkSessions(program: AuthoredProgram, report: Report, book: LabBook): readonly Session[] {
  reportTwice(
    program.sessions.map((one) => one.id),
    'session',
    report,
    (at) => ['sessions', at, 'id'],
  );
  return program.sessions.map((session, at) => {
    const path: Path = ['sessions', at];
    for (const [index, id] of session.modules.entries()) book.use(id, [...path, 'modules', index]);
    reportTwice(
      session.assessment.map((one) => one.id),
      'assessment',
      report,
      (index) => [...path, 'assessment', index, 'id'],
    );
    checkWeights(
      session.assessment.map((one) => one.weight),
      report,
      [...path, 'assessment'],
    );
    const pass = session.pass ?? program.pass;
    return {
      id: session.id,
      title: session.title ?? `Session ${session.id}`,
      hours: session.hours,
      attendance: session.attendance,
      modules: session.modules,
      pass,
      assessments: session.assessment.map((one, index) => ({
        id: one.id,
        title: one.title ?? one.id.replaceAll('-', ' '),
        weight: one.weight,
        pass: one.pass ?? pass,
        source: sourceOf(one, [...path, 'assessment', index], program, report, book, session.modules),
      })),
    };
  });
}

interface Written {
  readonly labs?: 'modules' | readonly string[] | undefined;
  readonly checks?: Readonly<Record<string, readonly string[]>> | undefined;
  readonly quiz?: string | undefined;
  readonly rubric?: string | undefined;
  readonly of?: string | undefined;
}

const kinds = ['labs', 'checks', 'quiz', 'rubric'] as const;

/** Where a percentage comes from. Exactly one must be written. */
export function sourceOf(
  written: Written,
  path: Path,
  program: Pick<AuthoredProgram, 'rubrics' | 'quizzes'>,
  report: Report,
  book: LabBook,
  modules: readonly string[],
): Source {
  const present = kinds.filter((kind) => written[kind] !== undefined);
  if (present.length !== 1) {
    const found = present.length === 0 ? 'none' : present.join(' and ');
    report(path, 'wrong_value', `expected exactly one of ${kinds.join(', ')}; found ${found}`);
  }
  if (written.of !== undefined) {
    if (written.rubric === undefined)
      report([...path, 'of'], 'wrong_value', '"of" says what a rubric is about', { what: 'key' });
    else book.mention(written.of.split('/')[0] ?? '', [...path, 'of']);
  }
  if (written.labs === 'modules') {
    if (modules.length === 0) report([...path, 'labs'], 'wrong_value', 'labs: this session has no modules');
    return { from: 'labs', labs: modules };
  }
  if (written.labs !== undefined) {
    for (const [at, id] of written.labs.entries()) book.use(id, [...path, 'labs', at]);
    return { from: 'labs', labs: written.labs };
  }
  if (written.checks !== undefined) {
    return { from: 'checks', picks: book.picks(written.checks, [...path, 'checks'], modules) };
  }
  if (written.quiz !== undefined) {
    // A quiz may be a lab of questions.
    if (book.find(written.quiz) !== null) book.use(written.quiz, [...path, 'quiz']);
    else checkDeclared('quiz', written.quiz, 'quizzes', program.quizzes, [...path, 'quiz'], report);
    return { from: 'quiz', quiz: written.quiz };
  }
  const rubric = written.rubric ?? '';
  if (written.rubric !== undefined) {
    checkDeclared('rubric', rubric, 'rubrics', program.rubrics, [...path, 'rubric'], report);
  }
  return { from: 'rubric', rubric, of: written.of ?? null };
}

/** Where a program declares any, every name must be declared; where it declares none, marks are plain percentages. */
function checkDeclared(
  what: string,
  name: string,
  section: string,
  declared: Readonly<Record<string, unknown>> | undefined,
  path: Path,
  report: Report,
): void {
  if (declared === undefined) {
    const message = `the ${what} "${name}" is not described in "${section}": its result is a plain percentage`;
    report(path, 'style', message, { severity: 'warning' });
  } else if (!Object.hasOwn(declared, name)) {
    const known = Object.keys(declared);
    const end = didYouMean(name, known) || `; there are ${listWords(known)}`;
    report(path, 'unknown_name', `there is no ${what} "${name}" in "${section}"${end}`);
  }
}

/** Weights side by side are 100 together, but for what doubles cannot hold. */
export function checkWeights(weights: readonly number[], report: Report, path: Path): void {
  const sum = weights.reduce((all, one) => all + one, 0);
  if (Math.abs(sum - 100) < 1e-9) return;
  const shown = Number(sum.toFixed(4));
  if (weights.length === 1) {
    report(path, 'wrong_value', `the only weight is ${shown}; weights must add up to 100`);
    return;
  }
  report(
    path,
    'wrong_value',
    `the weights ${weights.join(' + ')} add up to ${shown}; they must add up to 100`,
  );
}

export function reportTwice(
  ids: readonly string[],
  what: string,
  report: Report,
  place: (index: number) => Path,
): void {
  for (const [index, id] of ids.entries()) {
    if (ids.indexOf(id) < index) report(place(index), 'duplicate', `the ${what} "${id}" is there twice`);
  }
}
