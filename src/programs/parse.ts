/** From a file's bytes to a program, or to everything that is wrong with it. */
import { z } from 'zod';
import { carryKnownKeys, findingsOf } from '../templates/issues.ts';
import { formatPath, type Path, type Problem, type ProblemCode, sortProblems } from '../templates/problem.ts';
import { isObject } from '../templates/tree.ts';
import { readYaml, type YamlDocument } from '../templates/yaml-document.ts';
import { checkProgram } from './check.ts';
import { competenciesSchema, programSchema } from './schema.ts';
import type { KnownLab, ParsedProgram } from './types.ts';

/** Where something is wrong is said by its path in the document. */
export type Report = (
  path: Path,
  code: ProblemCode,
  message: string,
  options?: { readonly what?: 'key' | 'value'; readonly severity?: 'error' | 'warning' },
) => void;

/**
 * Parses and validates one program. Never throws, whatever the bytes are.
 *
 * @param files all files of the folder by name: a program names its competencies' file.
 * @param labs the templates that there are.
 */
export function parseProgram(
  files: ReadonlyMap<string, Uint8Array>,
  file: string,
  labs: readonly KnownLab[],
): ParsedProgram {
  const problems: Problem[] = [];
  const authored = read(files, file, programSchema, problems);
  if (authored === null) return { program: null, problems: sortProblems(problems) };
  const { report } = authored;
  const expected = file.replace(/\.ya?ml$/, '');
  if (authored.value.id !== expected) {
    report(
      ['id'],
      'bad_name',
      `the id is "${authored.value.id}", the file is called "${file}": they must agree`,
    );
  }
  const named = authored.value.competencies?.file;
  let competencies: Parameters<typeof checkProgram>[1] = null;
  if (named !== undefined && !files.has(named)) {
    const known = [...files.keys()].filter((one) => one !== file).join(', ') || 'none';
    report(['competencies', 'file'], 'missing_file', `there is no file ${named} here; found: ${known}`);
  } else if (named !== undefined) {
    competencies = read(files, named, competenciesSchema, problems);
  }
  const program = checkProgram(authored, competencies, labs);
  const failed = problems.some((one) => one.severity === 'error');
  return { program: failed ? null : program, problems: sortProblems(problems) };
}

/** Whether a file holds a program at all: its folder has files of competencies too. */
export function isProgram(bytes: Uint8Array): boolean {
  const { raw, readable } = readYaml(bytes, '');
  // What cannot be read must not be overlooked.
  return !readable || !isObject(raw) || !Object.hasOwn(raw, 'labwright-competencies');
}

export interface Read<T> {
  readonly value: T;
  readonly report: Report;
}

function read<Schema extends z.ZodObject>(
  files: ReadonlyMap<string, Uint8Array>,
  file: string,
  schema: Schema,
  problems: Problem[],
): Read<z.output<Schema>> | null {
  const yaml: YamlDocument = readYaml(files.get(file) ?? new Uint8Array(), file);
  problems.push(...yaml.problems);
  if (!yaml.readable) return null;
  const report: Report = (path, code, message, { what = 'value', severity = 'error' } = {}) => {
    const said = message.replace(/\bthe template\b/g, 'the file');
    problems.push({ file, ...yaml.place(path, what), severity, code, message: said });
  };
  const parsed = z.safeParse(schema, yaml.raw, { error: carryKnownKeys, reportInput: true });
  if (parsed.success) return { value: parsed.data, report };
  const findings = parsed.error.issues.flatMap((issue) => findingsOf(issue, yaml.raw));
  // A key that is missing because its name is misspelt is one mistake.
  const meant = new Set(
    findings.flatMap((one) => (one.meant === undefined ? [] : [beside(one.path, one.meant)])),
  );
  for (const { path, code, message, what } of findings) {
    if (code !== 'missing_key' || !meant.has(formatPath(path))) report(path, code, message, { what });
  }
  return null;
}

const beside = (path: Path, key: string) => formatPath([...path.slice(0, -1), key]);
