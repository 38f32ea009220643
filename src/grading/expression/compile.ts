/**
 * Expressions, compiled. At load with the published types, so that what the author got wrong is refused with its place;
 * in the judge's thread without them, because types change nothing about what an expression gives.
 */
import { ParseError } from '@marcbachmann/cel-js';
import type { ValueType } from '../types.ts';
import { createAuthorEnvironment, createEnvironment } from './environment.ts';
import { ExpressionError } from './expression-error.ts';
import { createFunctions } from './functions.ts';
import { lower } from './lower.ts';
import type { Outcome } from './outcome.ts';
import { type PreparedScope, rootName } from './prepared-scope.ts';
import type { ExpressionProblem, ExpressionWarning } from './problem.ts';
import { reasonOf } from './reasons.ts';
import { restrictionProblems, sizeTests, untestedAll } from './restrictions.ts';
import type { ASTNode } from './syntax.ts';
import { checkTypes } from './type-check.ts';
import { describe } from './types.ts';

const MAX_LENGTH = 4_000;

export interface RunnableExpression {
  readonly source: string;
  /** The roots that it reads. */
  readonly roots: readonly string[];
  /** Never throws: whatever the scope holds, the outcome is a value. Takes as long as the data makes it take. */
  evaluate(scope: PreparedScope): Outcome;
}

interface CompiledExpression extends RunnableExpression {
  /** Lists, as written, whose size or having an item it tests. */
  readonly sizeTests: readonly string[];
  readonly warnings: readonly ExpressionWarning[];
}

type Compilation =
  | { readonly ok: true; readonly expression: CompiledExpression }
  | { readonly ok: false; readonly problems: readonly ExpressionProblem[] };

/** Expressions share their tables; nothing in a compiler changes but the patterns that `like` keeps. */
export interface Compiler {
  /** With types: for templates. `roots` are all the names that the expression may use; its result must be true or false. */
  compile(source: string, roots: Readonly<Record<string, ValueType>>): Compilation;
  /** Without types: for expressions that were compiled before. Throws ExpressionError. */
  prepare(source: string): RunnableExpression;
}

export function createCompiler(): Compiler {
  const functions = createFunctions();
  const author = createAuthorEnvironment();
  const environment = createEnvironment(functions);

  function run(source: string, ast: ASTNode): RunnableExpression {
    const lowered = lower(ast, functions);
    const program = environment.parse(lowered.source);
    const { error } = program.check();
    if (error !== undefined) throw error;
    return {
      source,
      roots: lowered.roots,
      evaluate(scope) {
        const absent = lowered.roots.filter((root) => !scope.has(rootName(root)));
        if (absent.length > 0) return { kind: 'absent', roots: absent };
        try {
          const value: unknown = program(scope);
          if (typeof value === 'boolean') return { kind: 'value', value };
          return {
            kind: 'threw',
            message: 'what was seen is neither true nor false',
            internal: `gave ${typeof value}`,
          };
        } catch (error) {
          return { kind: 'threw', message: reasonOf(error), internal: messageOf(error) };
        }
      },
    };
  }

  return {
    prepare(source) {
      try {
        return run(source, author.parse(source).ast);
      } catch (error) {
        throw new ExpressionError(messageOf(error), { cause: error });
      }
    },
    compile(source, roots) {
      if (source.length > MAX_LENGTH) {
        return {
          ok: false,
          problems: [
            { message: `longer than ${MAX_LENGTH} characters`, offset: MAX_LENGTH, suggestion: null },
          ],
        };
      }
      try {
        const { ast } = author.parse(source);
        const { type, problems } = checkTypes(ast, new Map(Object.entries(roots)), functions);
        const all = [...restrictionProblems(ast), ...problems];
        if (type.is !== 'bool' && type.is !== 'dyn' && all.length === 0) {
          all.push({
            message: `must be true or false, and is ${describe(type)}`,
            offset: ast.start,
            suggestion: null,
          });
        }
        if (all.length > 0) return { ok: false, problems: all };
        const expression = { ...run(source, ast), sizeTests: sizeTests(ast), warnings: untestedAll(ast) };
        return { ok: true, expression };
      } catch (error) {
        return { ok: false, problems: [problemOf(error)] };
      }
    },
  };
}

function problemOf(error: unknown): ExpressionProblem {
  if (error instanceof RangeError) return { message: 'nested too deeply', offset: 0, suggestion: null };
  const offset = error instanceof ParseError ? (error.range?.start ?? 0) : 0;
  return { message: messageOf(error), offset, suggestion: null };
}

/** Without the library's picture of the source, which repeats what the offset says. */
function messageOf(error: unknown): string {
  if (error instanceof Error) return 'summary' in error ? String(error.summary) : error.message;
  return String(error);
}
