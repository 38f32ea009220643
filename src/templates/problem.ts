/** What is wrong with a template, and where. */

export type ProblemCode =
  | 'not_yaml'
  | 'too_large'
  | 'unquoted_braces'
  | 'unknown_key'
  | 'unsupported'
  | 'missing_key'
  | 'wrong_value'
  | 'bad_name'
  | 'duplicate'
  | 'unknown_name'
  | 'wrong_kind'
  | 'missing_file'
  | 'cycle'
  | 'points'
  | 'bad_draw'
  | 'bad_reference'
  | 'secret_shown'
  | 'no_noise'
  | 'bad_expression'
  | 'style';

export interface Problem {
  /** Path in the template's folder, mostly `lab.yaml`. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1. */
  readonly column: number;
  readonly severity: 'error' | 'warning';
  readonly code: ProblemCode;
  /** What was found, what is allowed, and the nearest known word; for the author. */
  readonly message: string;
}

/** `lab.yaml:12:7 unknown key "pionts" in checks[0]; did you mean "points"?` */
export function formatProblem(problem: Problem): string {
  const warning = problem.severity === 'warning' ? 'warning: ' : '';
  return `${problem.file}:${problem.line}:${problem.column} ${warning}${problem.message}`;
}

/** By file, then by place; each problem once. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  const unique = new Map(problems.map((problem) => [formatProblem(problem), problem]));
  return [...unique.values()].sort(
    (a, b) =>
      (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) ||
      a.line - b.line ||
      a.column - b.column ||
      (a.message < b.message ? -1 : 1),
  );
}

export type Path = readonly (string | number)[];

/** `checks[0].expect[1].that`; the empty path is `the template`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text === '' ? 'the template' : text;
}
