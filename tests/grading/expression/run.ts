/** Compiles against types and evaluates over values, in this thread. */
import { createCompiler } from '../../../src/grading/expression/compile.ts';
import type { Outcome } from '../../../src/grading/expression/outcome.ts';
import { prepareScope } from '../../../src/grading/expression/prepared-scope.ts';
import type { ExpressionProblem } from '../../../src/grading/expression/problem.ts';
import type { Scope, ValueType } from '../../../src/grading/types.ts';

const compiler = createCompiler();

type Roots = Readonly<Record<string, ValueType>>;

export const dynRoots = (...names: string[]): Roots =>
  Object.fromEntries(names.map((name) => [name, { is: 'dyn' } as const]));

export function compiled(source: string, roots: Roots) {
  const result = compiler.compile(source, roots);
  if (!result.ok) throw new Error(`${source}: ${result.problems.map(({ message }) => message).join('; ')}`);
  return result.expression;
}

export function problemsOf(source: string, roots: Roots): readonly ExpressionProblem[] {
  const result = compiler.compile(source, roots);
  return result.ok ? [] : result.problems;
}

export function evaluate(source: string, scope: Scope): Outcome {
  return compiled(source, dynRoots(...Object.keys(scope))).evaluate(prepareScope(scope));
}
