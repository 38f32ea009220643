/** What CEL allows and a check may not do. */

import { patternProblem } from './like.ts';
import type { ExpressionProblem, ExpressionWarning } from './problem.ts';
import { type ASTNode, asComprehension, childrenOf, textOf } from './syntax.ts';

/** Three nested loops over 1,000 rows each are a minute; two are within the deadline. */
const MAX_COMPREHENSION_DEPTH = 2;

export function restrictionProblems(ast: ASTNode): ExpressionProblem[] {
  const problems: ExpressionProblem[] = [];

  function visit(node: ASTNode, depth: number): void {
    if (node.op === 'rcall' && node.args[0] === 'matches') {
      const message = '"matches" can take exponential time and is not allowed; use like(text, pattern)';
      problems.push({ message, offset: node.start, suggestion: 'like' });
    }
    const pattern = patternOf(node);
    const problem =
      pattern?.op === 'value' && typeof pattern.args === 'string' ? patternProblem(pattern.args) : null;
    if (pattern !== null && problem !== null) {
      problems.push({
        message: `"like" does not take this pattern: ${problem}`,
        offset: pattern.start,
        suggestion: null,
      });
    }
    const comprehension = asComprehension(node);
    if (comprehension === null) {
      for (const child of childrenOf(node)) visit(child, depth);
      return;
    }
    if (depth + 1 > MAX_COMPREHENSION_DEPTH) {
      const message = `"${comprehension.macro}" is nested more than ${MAX_COMPREHENSION_DEPTH} deep; at most ${MAX_COMPREHENSION_DEPTH} of them may be inside each other`;
      problems.push({ message, offset: node.start, suggestion: null });
    }
    visit(comprehension.over, depth);
    for (const part of comprehension.body) visit(part, depth + 1);
  }

  visit(ast, 0);
  return problems;
}

function patternOf(node: ASTNode): ASTNode | null {
  if (node.op === 'call' && node.args[0] === 'like') return node.args[1][1] ?? null;
  if (node.op === 'rcall' && node.args[0] === 'like') return node.args[2][0] ?? null;
  return null;
}

/** The lists whose size, or having an item, the expression tests: as written. */
export function sizeTests(ast: ASTNode): string[] {
  const tested = new Set<string>();
  visit(ast, (node) => {
    if (node.op === 'call' && node.args[0] === 'size' && node.args[1][0]) tested.add(textOf(node.args[1][0]));
    if (node.op !== 'rcall') return;
    const [name, receiver] = node.args;
    if (['size', 'exists', 'exists_one'].includes(name)) tested.add(textOf(receiver));
  });
  return [...tested];
}

/** `all` is true of an empty list, so that a check which only asks for `all` passes before any work is done. */
export function untestedAll(ast: ASTNode): ExpressionWarning[] {
  const tested = new Set(sizeTests(ast));
  const warnings: ExpressionWarning[] = [];
  visit(ast, (node) => {
    const comprehension = asComprehension(node);
    if (comprehension?.macro !== 'all' || comprehension.over.op === 'list') return;
    const list = textOf(comprehension.over);
    if (tested.has(list)) return;
    const message = `"all" is true of an empty list, and the size of ${list} is never tested`;
    warnings.push({ message, offset: node.start, list });
  });
  return warnings;
}

function visit(node: ASTNode, look: (node: ASTNode) => void): void {
  look(node);
  for (const child of childrenOf(node)) visit(child, look);
}
