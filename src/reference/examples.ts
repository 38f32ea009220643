/** The examples of the reference, quoted from a template that loads and runs: the first use of each kind. */
import { isMap, isScalar, isSeq, type Node, type Pair, parseDocument } from 'yaml';

export interface Example {
  /** Of the component, the look or the step; null of a step without an id. */
  readonly name: string | null;
  readonly yaml: string;
}

export interface Examples {
  readonly components: ReadonlyMap<string, readonly Example[]>;
  readonly looks: ReadonlyMap<string, readonly Example[]>;
  readonly steps: ReadonlyMap<string, readonly Example[]>;
}

/** @param text of a `lab.yaml` without errors. */
export function examplesOf(text: string): Examples {
  const document = parseDocument(text);
  const components = new Map<string, Example[]>();
  const looks = new Map<string, Example[]>();
  const steps = new Map<string, Example[]>();
  const add = (to: Map<string, Example[]>, kind: string, example: Example) =>
    to.set(kind, [...(to.get(kind) ?? []), example]);
  const named = (pair: Pair<Node, Node | null>, to: Map<string, Example[]>) => {
    const kind = kindOf(pair.value);
    if (kind !== null) add(to, kind, { name: textOf(pair.key), yaml: slice(text, pair.key, pair.value) });
  };
  for (const pair of pairsOf(document.get('components'))) named(pair, components);
  for (const pair of pairsOf(document.get('observations'))) named(pair, looks);
  const lists = [
    ...pairsOf(document.get('solutions')).map(({ value }) => value),
    ...[...itemsOf(document.get('trials')), ...itemsOf(document.get('faults'))].map((one) =>
      childOf(one, 'steps'),
    ),
  ];
  for (const list of lists) {
    for (const step of itemsOf(list)) {
      const kind = kindOf(step);
      if (kind === 'observe' || kind === null) continue;
      add(steps, kind, { name: textOf(childOf(step, 'id')), yaml: `- ${slice(text, step, step)}` });
    }
  }
  return { components, looks, steps };
}

/** The first two of each kind, and the first of each further template. */
export function mergedExamples(all: readonly Examples[]): Examples {
  const merged = (which: keyof Examples) => {
    const found = new Map<string, readonly Example[]>();
    for (const [index, examples] of all.entries()) {
      for (const [kind, some] of examples[which]) {
        found.set(kind, [...(found.get(kind) ?? []), ...some.slice(0, index === 0 ? 2 : 1)]);
      }
    }
    return found;
  };
  return { components: merged('components'), looks: merged('looks'), steps: merged('steps') };
}

const besideKind = new Set(['id', 'save', 'allowIdle']);

/** The one key that says what it is. */
function kindOf(node: unknown): string | null {
  const keys = pairsOf(node).map(({ key }) => textOf(key) ?? '');
  return keys.find((key) => !besideKind.has(key)) ?? null;
}

function pairsOf(node: unknown): readonly Pair<Node, Node | null>[] {
  return isMap<Node, Node | null>(node) ? node.items : [];
}
function itemsOf(node: unknown): readonly Node[] {
  return isSeq<Node>(node) ? node.items : [];
}
function childOf(node: Node, key: string): Node | null {
  return pairsOf(node).find((pair) => textOf(pair.key) === key)?.value ?? null;
}
function textOf(node: Node | null): string | null {
  return isScalar(node) ? String(node.value) : null;
}

/** As it is written, moved to the left edge, without comments at line ends that are ours. */
function slice(text: string, first: Node, last: Node | null): string {
  const start = first.range?.[0] ?? 0;
  const end = (last ?? first).range?.[1] ?? start;
  const indent = start - (text.lastIndexOf('\n', start - 1) + 1);
  const lines = text.slice(start, end).trimEnd().split('\n');
  return lines.map((line, at) => (at === 0 ? line : line.slice(indent))).join('\n');
}
