/** A plan of PostgreSQL as a flat list of nodes: a check asks whether some node reads a table by an index. */
import type { Value, ValueType } from '../grading/types.ts';
import { dyn, list, number, object, string } from './spec-parts.ts';
import { tooLarge } from './sql-failure.ts';

type Json = { readonly [key: string]: Value };

const mostNodes = 1_000;

/** Field of a node → what PostgreSQL calls it; null where a node has none. */
const optional = {
  relation: 'Relation Name',
  alias: 'Alias',
  index: 'Index Name',
  filter: 'Filter',
  indexCondition: 'Index Cond',
  joinType: 'Join Type',
  strategy: 'Strategy',
  /** Only with `analyze`. */
  actualRows: 'Actual Rows',
  loops: 'Actual Loops',
  actualMs: 'Actual Total Time',
  rowsRemoved: 'Rows Removed by Filter',
} as const;

const nodeType: ValueType = object({
  type: string,
  depth: number,
  rows: number,
  cost: number,
  ...Object.fromEntries(Object.keys(optional).map((name) => [name, dyn])),
});

/**
 * `executionMs` and `blocks` are null without `analyze`. Blocks are the pages that the whole query touched, in memory
 * or on disk, those of its temporary files included: the same on a busy machine as on an idle one.
 */
export const planType: ValueType = object({
  nodes: list(nodeType),
  cost: number,
  rows: number,
  executionMs: dyn,
  blocks: dyn,
});

/** Of the top node, which counts those of all below it, parallel workers' too. */
const blockCounts = [
  ...['Shared Hit Blocks', 'Shared Read Blocks', 'Local Hit Blocks', 'Local Read Blocks'],
  ...['Temp Read Blocks', 'Temp Written Blocks'],
];

/** The value of what `explain (format json)` gave. @throws LookFailure `oversized` */
export function planValue(explained: Value): Value {
  const top = isRecord(explained) ? explained : firstOf(explained);
  const root = top === null ? null : top.Plan;
  const nodes: Json[] = [];
  const waiting: { readonly node: Value; readonly depth: number }[] = [{ node: root ?? null, depth: 0 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, depth } = next;
    if (!isRecord(node)) continue;
    nodes.push(nodeValue(node, depth));
    if (nodes.length > mostNodes) throw tooLarge(`a plan of more than ${mostNodes} nodes`);
    const below = Array.isArray(node.Plans) ? [...node.Plans] : [];
    waiting.push(...below.reverse().map((one) => ({ node: one, depth: depth + 1 })));
  }
  const [first] = nodes;
  const executionMs = top?.['Execution Time'] ?? null;
  return {
    nodes,
    cost: first?.cost ?? 0,
    rows: first?.rows ?? 0,
    executionMs,
    blocks: blocksOf(root ?? null),
  };
}

function blocksOf(root: Value): number | null {
  if (!isRecord(root) || root['Shared Hit Blocks'] === undefined) return null;
  return blockCounts.reduce((sum, name) => sum + Number(root[name] ?? 0), 0);
}

function nodeValue(node: Json, depth: number): Json {
  const more = Object.entries(optional).map(([name, theirs]) => [name, node[theirs] ?? null]);
  return {
    type: String(node['Node Type'] ?? ''),
    depth,
    rows: Number(node['Plan Rows'] ?? 0),
    cost: Number(node['Total Cost'] ?? 0),
    ...Object.fromEntries(more),
  };
}

function firstOf(value: Value): Json | null {
  const first: Value = Array.isArray(value) ? (value[0] ?? null) : null;
  return isRecord(first) ? first : null;
}

function isRecord(value: Value): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
