/** Checks an expression against the published types. Finds every problem, not only the first. */
import { nearest } from '../../templates/suggest.ts';
import { type FunctionSpec, macros } from './functions.ts';
import { operatorResult } from './operators.ts';
import type { ExpressionProblem } from './problem.ts';
import { type ASTNode, asComprehension, type Comprehension } from './syntax.ts';
import * as types from './types.ts';
import { bool, describe, dyn, number, string, type Type } from './types.ts';

type Names = ReadonlyMap<string, Type>;

export interface TypeCheck {
  readonly type: Type;
  readonly problems: readonly ExpressionProblem[];
}

/** `roots` are the names that the expression may use, and what they are. */
export function checkTypes(
  ast: ASTNode,
  roots: Names,
  functions: ReadonlyMap<string, FunctionSpec>,
): TypeCheck {
  const problems: ExpressionProblem[] = [];
  return { type: typeOf(ast, roots), problems };

  /** Reports and goes on with `dyn`, so that one mistake is one problem. */
  function problem(node: ASTNode, message: string, meant: string | null = null): Type {
    problems.push({ message, offset: node.pos, suggestion: meant });
    return dyn;
  }

  function typeOf(node: ASTNode, names: Names): Type {
    switch (node.op) {
      case 'value':
        return literal(node, node.args);
      case 'id':
        return names.get(node.args) ?? unknownName(node, node.args, names);
      case '.':
        return field(node, typeOf(node.args[0], names), node.args[1]);
      case '.?':
        return types.optionalOf(unwrap(field(node, typeOf(node.args[0], names), node.args[1])));
      case '[]':
        return index(node, typeOf(node.args[0], names), node.args[1], names);
      case '[?]':
        return types.optionalOf(unwrap(index(node, typeOf(node.args[0], names), node.args[1], names)));
      case '&&':
      case '||':
        for (const side of node.args) condition(side, typeOf(side, names), `"${node.op}"`);
        return bool;
      case '!_':
        condition(node.args, typeOf(node.args, names), '"!"');
        return bool;
      case '-_': {
        const of = typeOf(node.args, names);
        return types.accepts(number, of)
          ? number
          : problem(node, `"-" needs a number, and this is ${describe(of)}`);
      }
      case '?:': {
        const [test, yes, no] = node.args;
        condition(test, typeOf(test, names), 'what stands before "?"');
        return types.either(typeOf(yes, names), typeOf(no, names));
      }
      case 'list': {
        const items = node.args.map((item) => typeOf(item, names));
        return types.listOf(items.length === 0 ? dyn : items.reduce(types.either));
      }
      case 'map':
        for (const [key, value] of node.args) {
          const of = typeOf(key, names);
          if (!types.accepts(string, of)) problem(key, `a key must be text, and this is ${describe(of)}`);
          typeOf(value, names);
        }
        return types.anyMap;
      case 'call':
        return node.args[0] === 'has'
          ? has(node, names)
          : call(node, node.args[0], null, node.args[1], names);
      case 'rcall': {
        const comprehension = asComprehension(node);
        if (comprehension !== null) return loop(comprehension, names);
        return call(node, node.args[0], typeOf(node.args[1], names), node.args[2], names);
      }
      default: {
        const [left, right] = [typeOf(node.args[0], names), typeOf(node.args[1], names)];
        const result = operatorResult(node.op, left, right);
        return typeof result === 'string' ? problem(node, result) : result;
      }
    }
  }

  function literal(node: ASTNode, value: unknown): Type {
    if (value === null) return { is: 'null' };
    if (typeof value === 'bigint' || typeof value === 'number') return number;
    if (typeof value === 'string') return string;
    if (typeof value === 'boolean') return bool;
    if (value instanceof Uint8Array) return { is: 'bytes' };
    return problem(node, 'there are no unsigned integers: write the number without "u"');
  }

  function condition(node: ASTNode, of: Type, where: string): void {
    if (!types.accepts(bool, of)) problem(node, `${where} needs true or false, and this is ${describe(of)}`);
  }

  function unknownName(node: ASTNode, name: string, names: Names): Type {
    const known = [...names.keys()].sort();
    return problem(
      node,
      `unknown name "${name}"; known are ${known.join(', ') || 'none'}`,
      nearest(name, known),
    );
  }

  function field(node: ASTNode, of: Type, name: string): Type {
    if (of.is === 'dyn' || of.is === 'null') return dyn;
    if (of.is === 'optional') return types.optionalOf(unwrap(field(node, of.of, name)));
    if (of.is === 'map') return of.of;
    if (of.is !== 'object') {
      const use = of.is === 'list' ? ': take one of its items, such as [0]' : '';
      return problem(node, `${describe(of)} has no field "${name}"${use}`);
    }
    const found = Object.hasOwn(of.fields, name) ? of.fields[name] : undefined;
    if (found !== undefined) return found;
    const known = Object.keys(of.fields);
    return problem(
      node,
      `unknown field "${name}"; known are ${known.join(', ') || 'none'}`,
      nearest(name, known),
    );
  }

  function index(node: ASTNode, of: Type, at: ASTNode, names: Names): Type {
    const by = typeOf(at, names);
    const inner = unwrap(of);
    if (inner.is === 'list') {
      return types.accepts(number, by)
        ? inner.of
        : problem(at, `an item of a list is taken by number, and this is ${describe(by)}`);
    }
    if (types.isKeyed(inner)) {
      if (at.op === 'value' && typeof at.args === 'string') return field(node, inner, at.args);
      return types.accepts(string, by) ? dyn : problem(at, `a key is text, and this is ${describe(by)}`);
    }
    return inner.is === 'dyn' ? dyn : problem(node, `${describe(inner)} has no items`);
  }

  function has(node: ASTNode, names: Names): Type {
    const [path, ...more] = node.op === 'call' ? node.args[1] : [];
    if (path === undefined || more.length > 0 || !isPath(path)) {
      return problem(node, '"has" takes a path of fields, such as has(row.json.total)');
    }
    typeOf(path, names);
    return bool;
  }

  function loop({ macro, over, variable, body }: Comprehension, names: Names): Type {
    const list = typeOf(over, names);
    if (!types.accepts(types.anyList, list) && !types.isKeyed(list)) {
      problem(over, `"${macro}" needs a list, and this is ${describe(list)}`);
    }
    const item = list.is === 'list' ? list.of : types.isKeyed(list) ? string : dyn;
    const inner = new Map(names).set(variable, item);
    const [first, second] = body;
    const results = body.map((part) => typeOf(part, inner));
    if (first !== undefined && (macro !== 'map' || second !== undefined))
      condition(first, results[0] ?? dyn, `"${macro}"`);
    if (macro === 'map') return types.listOf(results.at(-1) ?? dyn);
    return macro === 'filter' ? types.listOf(item) : bool;
  }

  function call(
    node: ASTNode,
    name: string,
    receiver: Type | null,
    args: readonly ASTNode[],
    names: Names,
  ): Type {
    const given = args.map((arg) => typeOf(arg, names));
    const spec = functions.get(name);
    if (spec === undefined) return name === 'matches' ? bool : unknownFunction(node, name);
    const forms = spec.forms.filter((form) => (form.receiver === null) === (receiver === null));
    const fitting = forms.filter(
      (form) =>
        form.args.length === given.length &&
        form.args.every((wanted, at) => types.accepts(wanted, given[at] ?? dyn)) &&
        (form.receiver === null || receiver === null || types.accepts(form.receiver, receiver)),
    );
    const [form] = fitting;
    if (form === undefined) return problem(node, misuse(spec, receiver, given));
    const of = receiver === null ? given : [receiver, ...given];
    if (fitting.length > 1 && fitting.some((other) => other.gives !== form.gives)) return dyn;
    return typeof form.gives === 'function' ? form.gives(of) : form.gives;
  }

  function unknownFunction(node: ASTNode, name: string): Type {
    const macro = macros.find((one) => one.name === name);
    if (macro !== undefined) return problem(node, `"${name}" is written ${macro.usage}`);
    const known = [...functions.keys(), ...macros.map((one) => one.name)];
    return problem(node, `unknown function "${name}"`, nearest(name, known));
  }
}

function misuse(spec: FunctionSpec, receiver: Type | null, given: readonly Type[]): string {
  const on = receiver === null ? '' : ` on ${describe(receiver)}`;
  const args = given.length === 0 ? '' : ` with ${given.map(describe).join(' and ')}`;
  return `"${spec.name}" cannot be called${on}${args}; it is used like this: ${spec.example}`;
}

function isPath(node: ASTNode): boolean {
  let at = node;
  if (at.op !== '.') return false;
  while (at.op === '.' || at.op === '.?') at = at.args[0];
  return at.op === 'id';
}

function unwrap(type: Type): Type {
  return type.is === 'optional' ? type.of : type;
}
