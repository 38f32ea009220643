/** Reading CEL's syntax tree: the parts of a node, and which calls are macros. */
import type { ASTNode } from '@marcbachmann/cel-js';

export type { ASTNode };

/** `list.macro(x, …)`: binds a name that only its own arguments see. */
const comprehensions: ReadonlyMap<string, readonly number[]> = new Map([
  ['all', [2]],
  ['exists', [2]],
  ['exists_one', [2]],
  ['filter', [2]],
  ['map', [2, 3]],
]);

export interface Comprehension {
  readonly macro: string;
  readonly over: ASTNode;
  readonly variable: string;
  readonly body: readonly ASTNode[];
}

/** The node as a comprehension, or null when it is something else. */
export function asComprehension(node: ASTNode): Comprehension | null {
  if (node.op !== 'rcall') return null;
  const [macro, over, [variable, ...body]] = node.args;
  if (!comprehensions.get(macro)?.includes(body.length + 1) || variable?.op !== 'id') return null;
  return { macro, over, variable: variable.args, body };
}

/** The nodes directly below this one, in the order in which they are written. */
export function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case '!_':
    case '-_':
      return [node.args];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case 'map':
      return node.args.flat();
    default:
      return node.args;
  }
}

export function textOf(node: ASTNode): string {
  return node.input.slice(node.start, node.end);
}
