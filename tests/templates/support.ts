/** Templates from fixtures and from texts, read with the real looks, actions and expressions. */
import { fileURLToPath } from 'node:url';
import { actionKinds } from '../../src/actions/registry.ts';
import { createCompiler } from '../../src/grading/expression/compile.ts';
import { observerKinds } from '../../src/observers/registry.ts';
import { variablesIn } from '../../src/sandbox/postgres/sql-variables.ts';
import { parseStubFile } from '../../src/stub/spec.ts';
import { createLanguage } from '../../src/templates/language.ts';
import { loadFolder } from '../../src/templates/load-folder.ts';
import type { ParsedTemplate } from '../../src/templates/parse.ts';
import { formatProblem, type Problem } from '../../src/templates/problem.ts';
import { parseTrafficFile } from '../../src/traffic/spec.ts';

export type Files = ReadonlyMap<string, Uint8Array>;

export const language = createLanguage({
  observers: observerKinds(),
  actions: actionKinds(),
  variants: ['stock', 'n-plus-one'],
  compileExpression: createCompiler().compile,
  readStub: parseStubFile,
  readTraffic: parseTrafficFile,
  overlayVariables: variablesIn,
});

export const fixturePath = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

export const fixture = (name: string): Promise<Files> => loadFolder(fixturePath(name));

export const bytes = (text: string) => new TextEncoder().encode(text);

export const textOf = (files: Files, path: string) => new TextDecoder().decode(files.get(path));

/** The fixture's lab.yaml with one text in it replaced; fails when the text is not there. */
export async function changed(
  name: string,
  ...changes: readonly (readonly [string, string])[]
): Promise<Files> {
  const files = new Map(await fixture(name));
  let text = textOf(files, 'lab.yaml');
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`${name} does not hold ${JSON.stringify(from)}`);
    text = text.replace(from, () => to);
  }
  return files.set('lab.yaml', bytes(text));
}

export const parse = (files: Files): ParsedTemplate => language.parseTemplate(files, null);

export const errorsOf = (problems: readonly Problem[]) => problems.filter((one) => one.severity === 'error');

/** `lab.yaml:12:7 …` of every error. */
export const errorLines = (files: Files): readonly string[] =>
  errorsOf(parse(files).problems).map(formatProblem);

export const warningLines = (files: Files): readonly string[] =>
  parse(files)
    .problems.filter((one) => one.severity === 'warning')
    .map(formatProblem);
