/** The fields of one kind, from the JSON Schema that editors use: so the two cannot tell different things. */

export interface Field {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  /** As it would be written; null when there is none. */
  readonly byDefault: string | null;
  readonly description: string;
}

type Node = Readonly<Record<string, unknown>>;

/** Follows `path` into a schema, through its references; null when there is nothing. */
export function nodeAt(schema: Node, path: readonly string[]): Node | null {
  let at: Node | null = resolve(schema, schema);
  for (const key of path) {
    const next: unknown = at?.[key];
    at = isNode(next) ? resolve(next, schema) : null;
  }
  return at;
}

/** Fields of an object's schema, in its order; of a union those of its objects. What cannot be written yet is left out. */
export function fieldsOf(schema: Node, node: Node): readonly Field[] {
  const objects = isNode(node.properties)
    ? [node]
    : alternatives(node, schema).filter((one) => isNode(one.properties));
  return objects.flatMap((one) => {
    const required = Array.isArray(one.required) ? one.required : [];
    return Object.entries(isNode(one.properties) ? one.properties : {}).flatMap(([name, raw]): Field[] => {
      const field = isNode(raw) ? resolve(raw, schema) : {};
      if (isNever(field)) return [];
      return [
        {
          name,
          type: typeOf(field, schema, 2),
          required: required.includes(name),
          byDefault: 'default' in field ? JSON.stringify(field.default) : null,
          description: typeof field.description === 'string' ? field.description : '',
        },
      ];
    });
  });
}

const duration = '^\\d+(\\.\\d+)?(ms|s|m|h)$';

/** @param depth how many levels of objects are written out. */
function typeOf(node: Node, schema: Node, depth: number): string {
  // JSON within JSON has no end.
  if (depth < -1) return 'any value';
  if (Array.isArray(node.enum)) return node.enum.map((one) => JSON.stringify(one)).join(' \\| ');
  if ('const' in node) return JSON.stringify(node.const);
  const either = alternatives(node, schema);
  if (either.length > 0) {
    const all = new Set(either.map((one) => typeOf(one, schema, depth)));
    // Everything that JSON has.
    if (['text', 'number', 'yes/no', 'null'].every((one) => all.has(one))) return 'any value';
    return [...all].join(' \\| ');
  }
  if (node.type === 'string') return node.pattern === duration ? 'duration' : 'text';
  if (node.type === 'integer' || node.type === 'number') return 'number';
  if (node.type === 'boolean') return 'yes/no';
  if (node.type === 'null') return 'null';
  if (node.type === 'array') {
    const items = isNode(node.items) ? typeOf(resolve(node.items, schema), schema, depth - 1) : 'any value';
    return items.includes(' \\| ') ? `list of (${items})` : `list of ${items}`;
  }
  if (isNode(node.properties)) {
    if (depth <= 0) return 'object';
    const inside = fieldsOf(schema, node).map(({ name, required }) => (required ? name : `${name}?`));
    return `{ ${inside.join(', ')} }`;
  }
  if (isNode(node.additionalProperties)) {
    return `name → ${typeOf(resolve(node.additionalProperties, schema), schema, depth - 1)}`;
  }
  return 'any value';
}

function alternatives(node: Node, schema: Node): readonly Node[] {
  const all = node.anyOf ?? node.oneOf;
  return Array.isArray(all) ? all.filter(isNode).map((one) => resolve(one, schema)) : [];
}

/** With what stands beside a reference laid over what it names. */
function resolve(node: Node, schema: Node): Node {
  const { $ref, ...beside } = node;
  if (typeof $ref !== 'string') return node;
  const defs = isNode(schema.$defs) ? schema.$defs : {};
  const named = defs[$ref.split('/').at(-1) ?? ''];
  return isNode(named) ? { ...resolve(named, schema), ...beside } : beside;
}

/** Words that are kept for later are refused whatever stands behind them. */
function isNever(node: Node): boolean {
  return isNode(node.not) && Object.keys(node.not).length === 0;
}

function isNode(value: unknown): value is Node {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
