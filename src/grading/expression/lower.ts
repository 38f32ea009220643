/**
 * From the author's expression to the one that is run. The differences are the product's rules about numbers and names:
 *
 * - every number is a double, so integer literals and the results of `size()` and the like become doubles, but for a
 *   literal index (`rows[0]`), which CEL wants as an int;
 * - `==`, `!=` and `in` compare doubles with tolerance at every depth: they become calls of ours;
 * - what `+` makes is bounded (`bounds.ts`);
 * - roots and variables get a prefix, so that an observation may be named `list` or `type`.
 *
 * It is a translation of text to text because the library offers parsing but no way to build nodes.
 */
import { ExpressionError } from './expression-error.ts';
import type { FunctionSpec } from './functions.ts';
import { rootName, variableName } from './prepared-scope.ts';
import { type ASTNode, asComprehension, textOf } from './syntax.ts';

export interface Lowered {
  readonly source: string;
  /** The roots that it reads, in order of first sight. */
  readonly roots: readonly string[];
}

/** Throws ExpressionError for a function that is not in the table. */
export function lower(ast: ASTNode, functions: ReadonlyMap<string, FunctionSpec>): Lowered {
  const roots = new Set<string>();

  function go(node: ASTNode, bound: ReadonlySet<string>): string {
    const sub = (child: ASTNode): string => go(child, bound);
    switch (node.op) {
      case 'value':
        return typeof node.args === 'bigint' ? `${node.args}.0` : textOf(node);
      case 'id':
        if (bound.has(node.args)) return variableName(node.args);
        roots.add(node.args);
        return rootName(node.args);
      case '.':
      case '.?':
        return `${sub(node.args[0])}${node.op}${node.args[1]}`;
      case '[]':
      case '[?]': {
        const [of, at] = node.args;
        const open = node.op === '[]' ? '[' : '[?';
        if (at.op === 'value') return `${sub(of)}${open}${textOf(at)}]`;
        // `dyn()` because CEL wants the index of a list whose type it knows to be an int.
        return `dyn(${sub(of)})${open}${sub(at)}]`;
      }
      case '==':
        return `equal_(${node.args.map(sub).join(', ')})`;
      case '!=':
        return `(!equal_(${node.args.map(sub).join(', ')}))`;
      case 'in':
        return `member_(${node.args.map(sub).join(', ')})`;
      case '!_':
      case '-_':
        return `(${node.op[0]}${sub(node.args)})`;
      case '?:': {
        const [condition, yes, no] = node.args;
        return `(${sub(condition)} ? dyn(${sub(yes)}) : dyn(${sub(no)}))`;
      }
      case '&&':
      case '||':
        return `(${chain(node, node.op).map(sub).join(` ${node.op} `)})`;
      case 'list':
        return `[${node.args.map(sub).join(', ')}]`;
      case 'map':
        return `{${node.args.map(([key, value]) => `${sub(key)}: ${sub(value)}`).join(', ')}}`;
      case 'call': {
        const [name, args] = node.args;
        return name === 'has' ? `has(${args.map(sub).join(', ')})` : call(name, null, args, sub);
      }
      case 'rcall': {
        const [name, receiver, args] = node.args;
        const comprehension = asComprehension(node);
        if (comprehension === null) return call(name, receiver, args, sub);
        const inner = new Set(bound).add(comprehension.variable);
        const body = comprehension.body.map((part) => go(part, inner)).join(', ');
        return `${sub(receiver)}.${name}(${variableName(comprehension.variable)}, ${body})`;
      }
      case '+':
        return `bounded_(${sub(node.args[0])} + ${sub(node.args[1])})`;
      default:
        return `(${sub(node.args[0])} ${node.op} ${sub(node.args[1])})`;
    }
  }

  function call(
    name: string,
    receiver: ASTNode | null,
    args: readonly ASTNode[],
    sub: (node: ASTNode) => string,
  ): string {
    const spec = functions.get(name);
    if (spec === undefined) throw new ExpressionError(`there is no function "${name}"`);
    const given = args.map((arg, at) => (spec.intArgs?.includes(at) ? `int(${sub(arg)})` : sub(arg)));
    const on = receiver === null ? '' : `${sub(receiver)}.`;
    const text = `${on}${spec.runAs ?? name}(${given.join(', ')})`;
    return spec.givesInt ? `double(${text})` : text;
  }

  const source = go(ast, new Set());
  return { source, roots: [...roots] };
}

/** `a && b && c` as its three parts: nested parentheses would use up the parser's depth. */
function chain(node: ASTNode, op: '&&' | '||'): readonly ASTNode[] {
  return node.op === op ? [...chain(node.args[0], op), node.args[1]] : [node];
}
