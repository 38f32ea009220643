/** What an expectation compares, with the value of each side where that costs nothing to say. Pure. */
import { createAuthorEnvironment } from '../expression/environment.ts';
import { type ASTNode, textOf } from '../expression/syntax.ts';
import type { Scope, Value } from '../types.ts';
import { parsePath, resolvePath } from '../values/path.ts';

export interface Compared {
  /** As written. */
  readonly text: string;
  readonly left: Side;
  readonly right: Side;
}

export interface Side {
  readonly text: string;
  /** Undefined: it would have to be worked out, or nothing is there. */
  readonly value: Value | undefined;
}

const comparisons = new Set<string>(['==', '!=', '<', '<=', '>', '>=', 'in']);

/** The comparisons at the top of an expression, joined by `&&` and `||`; at most ten. None for what cannot be read. */
export function compared(source: string, scope: Scope): readonly Compared[] {
  try {
    return comparisonsIn(createAuthorEnvironment().parse(source).ast)
      .slice(0, 10)
      .map(([node, left, right]) => ({
        text: textOf(node),
        left: { text: textOf(left), value: valueAt(left, scope) },
        right: { text: textOf(right), value: valueAt(right, scope) },
      }));
  } catch {
    return [];
  }
}

function comparisonsIn(node: ASTNode): readonly (readonly [ASTNode, ASTNode, ASTNode])[] {
  const { op, args } = node as { op: string; args: unknown };
  const [left, right] = (Array.isArray(args) ? args : []) as ASTNode[];
  if (left === undefined || right === undefined) return [];
  if (op === '&&' || op === '||') return [...comparisonsIn(left), ...comparisonsIn(right)];
  return comparisons.has(op) ? [[node, left, right]] : [];
}

/** Of a literal, a path, and the size of what is at a path. */
function valueAt(node: ASTNode, scope: Scope): Value | undefined {
  if (node.op === 'value') {
    const value: unknown = node.args;
    if (typeof value === 'bigint') return Number(value);
    return typeof value === 'string' ||
      typeof value === 'number' ||
      typeof value === 'boolean' ||
      value === null
      ? value
      : undefined;
  }
  const text = textOf(node);
  const sized = /^(.*)\.size\(\)$/s.exec(text) ?? /^size\((.*)\)$/s.exec(text);
  const path = parsePath(sized?.[1] ?? text);
  if (path === null) return undefined;
  const found = resolvePath({ ...scope }, path);
  if (sized === null || found === undefined) return found;
  if (typeof found === 'string') return [...found].length;
  if (found instanceof Date || found instanceof Uint8Array || typeof found !== 'object' || found === null)
    return undefined;
  return Object.keys(found).length;
}
