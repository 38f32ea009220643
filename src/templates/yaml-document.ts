/** YAML 1.2 (core schema) as plain values, with the place of every key and value. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  Scalar,
  visit,
  type YAMLMap,
} from 'yaml';
import { expandsBeyond } from './expansion.ts';
import type { Path, Problem, ProblemCode } from './problem.ts';
import type { Json } from './types.ts';
import { scalarPlace } from './yaml-scalar.ts';

const maxYamlBytes = 5 * 1024 * 1024;
// An alias is a convenience for a repeated request or body; a bomb needs very many.
const maxAliases = 100;
// What the aliases may become together: few of a long text are a bomb too.
const maxExpanded = 2 * maxYamlBytes;
const maxDepth = 64;

export interface YamlDocument {
  /** Null when the text is no YAML; keys are strings. */
  readonly raw: Json;
  /** Problems that say at most that something is written twice or unquoted: `raw` can still be read. */
  readonly problems: readonly Problem[];
  /** False: nothing but `problems` is worth reading. */
  readonly readable: boolean;
  /** Where the value, or with `key` the key, of a path stands; what is absent stands where its nearest parent does. */
  place(path: Path, what?: 'key' | 'value'): Place;
  /** Where the character `offset` of the text at `path` stands. */
  placeInText(path: Path, offset: number): Place;
}

interface Place {
  readonly line: number;
  readonly column: number;
}

/** Reads one document. Never throws; bytes that are not UTF-8, bombs and duplicate keys are problems. */
export function readYaml(bytes: Uint8Array, file: string): YamlDocument {
  const problems: Problem[] = [];
  const add = (place: Place, code: ProblemCode, message: string) =>
    problems.push({ file, ...place, severity: 'error', code, message });
  const nowhere = { line: 1, column: 1 };
  const unreadable = (): YamlDocument => ({
    raw: null,
    problems,
    readable: false,
    place: () => nowhere,
    placeInText: () => nowhere,
  });

  if (bytes.byteLength > maxYamlBytes) {
    add(nowhere, 'too_large', `${file} has ${bytes.byteLength} bytes; at most ${maxYamlBytes} are allowed`);
    return unreadable();
  }
  const text = decode(bytes);
  if (text === null) {
    add(nowhere, 'not_yaml', `${file} is not UTF-8 text`);
    return unreadable();
  }
  if (tooDeep(text)) {
    add(nowhere, 'not_yaml', `values are nested deeper than ${maxDepth}`);
    return unreadable();
  }

  const lines = new LineCounter();
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  let document: Document.Parsed;
  try {
    document = parseDocument(text, {
      version: '1.2',
      schema: 'core',
      // Looked for below: the parser compares each key with each.
      uniqueKeys: false,
      stringKeys: false,
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'error',
    });
  } catch (thrown) {
    add(nowhere, 'not_yaml', thrown instanceof Error ? thrown.message : String(thrown));
    return unreadable();
  }

  let readable = true;
  for (const error of [...document.errors, ...document.warnings]) {
    const place = at(error.pos[0]);
    readable = false;
    const braces = (text.split('\n')[place.line - 1] ?? '').includes('{{');
    const hint = braces ? '; a value with {{ }} must be quoted' : '';
    add(place, 'not_yaml', `not YAML: ${error.message.replace(/\s+/g, ' ')}${hint}`);
  }
  if (!readable) return unreadable();

  visit(document, {
    Map(_, node) {
      for (const start of keysWrittenTwice(node)) {
        add(at(start), 'duplicate', `the key "${wordAt(text, start)}" is written twice here`);
      }
      const [pair] = node.items;
      if (node.flow !== true || node.items.length !== 1 || !isMap(pair?.key)) return undefined;
      const [start, end] = node.range ?? [0, 0];
      const source = text.slice(start, end);
      add(at(start), 'unquoted_braces', `${source} is read by YAML as a map; quote it: "${source}"`);
      const replaced = new Scalar(source);
      replaced.range = node.range ?? null;
      return replaced;
    },
    Pair(_, pair) {
      if (isScalar(pair.key) && pair.key.value === '__proto__') {
        readable = false;
        add(at(pair.key.range?.[0] ?? 0), 'unknown_key', 'the key "__proto__" is not allowed anywhere');
      } else if (!isScalar(pair.key)) {
        readable = false;
        const key = pair.key as Node | null;
        add(at(key?.range?.[0] ?? 0), 'not_yaml', 'a key must be a plain word');
      }
    },
  });
  if (!readable) return unreadable();

  let raw: Json;
  try {
    const shared: unknown = document.toJS({ maxAliasCount: maxAliases }) ?? null;
    if (expandsBeyond(shared, maxExpanded)) {
      add(nowhere, 'too_large', `aliases: written out they have more than ${maxExpanded} characters`);
      return unreadable();
    }
    // Through text: each place of an alias becomes its own.
    raw = JSON.parse(JSON.stringify(shared)) as Json;
  } catch (thrown) {
    add(nowhere, 'not_yaml', `aliases: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    return unreadable();
  }

  const nodeAt = (path: Path) => findNode(document, path);
  return {
    raw,
    problems,
    readable: true,
    place(path, what = 'value') {
      const { key, value, found } = nodeAt(path);
      const node = what === 'key' || !found || !hasPlace(value) ? (key ?? value) : value;
      return at(node?.range?.[0] ?? 0);
    },
    placeInText(path, offset) {
      const { value } = nodeAt(path);
      return isScalar(value) ? at(scalarPlace(value as Scalar, text, offset)) : this.place(path);
    },
  };
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Whether flow collections or block lists are nested so deep that recursion over them would be a danger. */
function tooDeep(text: string): boolean {
  let open = 0;
  for (const character of text) {
    if (character === '[' || character === '{') open++;
    else if (character === ']' || character === '}') open = Math.max(0, open - 1);
    if (open > maxDepth * 4) return true;
  }
  return text.split('\n').some((line) => /^ *((- |\? |: ) *){64}/.test(line) || /^ {512}/.test(line));
}

/** Where a key stands that its map has already. */
function keysWrittenTwice({ items }: YAMLMap): readonly number[] {
  const seen = new Set<unknown>();
  return items.flatMap(({ key }) => {
    if (!isScalar(key)) return [];
    if (seen.has(key.value)) return [key.range?.[0] ?? 0];
    seen.add(key.value);
    return [];
  });
}

const wordAt = (text: string, offset: number) =>
  /^["']?([^"':,}\n]*)/.exec(text.slice(offset, offset + 100))?.[1] ?? '';

// A null that is not written has no width: its key is the better place.
const hasPlace = (node: Node | null) => node?.range != null && node.range[0] !== node.range[1];

interface Found {
  readonly key: Node | null;
  readonly value: Node | null;
  readonly found: boolean;
}

/** The node of a path, or of its nearest existing parent. */
function findNode(document: Document, path: Path): Found {
  let key: Node | null = null;
  let value = document.contents as Node | null;
  for (const part of path) {
    if (isAlias(value)) value = (value.resolve(document) ?? null) as Node | null;
    if (isMap(value)) {
      const pair = value.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      if (pair === undefined) return { key: null, value, found: true };
      key = pair.key as Node;
      value = pair.value as Node | null;
    } else if (isSeq(value)) {
      const item = value.items[Number(part)] as Node | undefined;
      if (item === undefined) return { key, value, found: false };
      key = null;
      value = item;
    } else {
      return { key, value, found: false };
    }
  }
  return { key, value, found: true };
}
