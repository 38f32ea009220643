/** Parsing the trainee's text: depth and size are known before anything recursive touches it. */
import { type Document, isScalar, parseAllDocuments, parseDocument, visit } from 'yaml';
import type { Json } from '../templates/types.ts';
import { limits } from './limits.ts';
import { LookFailure } from './look.ts';

/** Nesting of JSON text without parsing it: brackets outside strings. */
function jsonDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x5b || code === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x5d || code === 0x7d) depth -= 1;
  }
  return deepest;
}

/** The JSON value, or undefined when the text is not JSON. @throws LookFailure `oversized` when it is too deep. */
export function parseJson(text: string, what: string): Json | undefined {
  if (jsonDepth(text) > limits.depth) throw tooDeep(what);
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** One YAML document as JSON. @throws LookFailure `rejected` when it is not YAML, `oversized` when deep or a bomb. */
export function parseYaml(text: string, what: string): Json {
  return readYaml(text, what, (options) => {
    const document = parseDocument(text, options);
    return contentOf(document, what);
  });
}

/** As `parseYaml`, all documents of a text; those that hold nothing are left out. @throws LookFailure */
export function parseYamlDocuments(text: string, what: string): readonly Json[] {
  const all = readYaml(text, what, (options) => {
    const documents = parseAllDocuments(text, options);
    return Array.isArray(documents) ? documents.map((one) => contentOf(one, what)) : [];
  });
  return (all as Json[]).filter((one) => one !== null);
}

/** Throws before anything recursive touches what would break it. */
function readYaml(text: string, what: string, read: (options: typeof yamlOptions) => unknown): Json {
  if (text.length > limits.yamlChars) {
    const reason = `${what} has more than ${limits.yamlChars} characters.`;
    throw new LookFailure('oversized', reason, reason);
  }
  // The parser recurses, 150 MB deep before the stack ends: brackets and dashes tell most of it beforehand.
  if (jsonDepth(text.replaceAll('"', '')) > 3 * limits.depth || /^ *(?:[-?] +){99}/m.test(text))
    throw tooDeep(what);
  let value: unknown;
  try {
    value = read(yamlOptions);
  } catch (thrown) {
    // The parser recurses over nested collections: a stack that ran out is a depth that no lab asks for.
    if (thrown instanceof RangeError) throw tooDeep(what);
    throw thrown instanceof LookFailure ? thrown : notReadable(what, 'YAML', String(thrown));
  }
  return plain(value, what, 0, { left: limits.nodes });
}

// A list as a key is written out again for each level above it: 170 of them in each other took 22 s. The parser's own
// search for double keys compares each with each: 20,000 took 19 s.
const yamlOptions = {
  prettyErrors: false,
  logLevel: 'silent',
  stringKeys: true,
  uniqueKeys: false,
} as const;

function contentOf(document: Document.Parsed, what: string): unknown {
  const [error] = document.errors;
  if (error !== undefined) throw notReadable(what, 'YAML', error.message);
  const twice = keyWrittenTwice(document);
  if (twice !== null) throw notReadable(what, 'YAML', `the key "${twice}" is written twice`);
  // Aliases are resolved by reference; `maxAliasCount` refuses documents that would unfold without end.
  return document.toJS({ maxAliasCount: 100 });
}

function keyWrittenTwice(document: Document.Parsed): string | null {
  let twice: string | null = null;
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        const name = isScalar(key) ? String(key.value) : '';
        if (seen.has(name)) {
          twice = name;
          return visit.BREAK;
        }
        seen.add(name);
      }
      return undefined;
    },
  });
  return twice;
}

export function notReadable(what: string, language: string, internal: string): LookFailure {
  return new LookFailure('rejected', `${what} is not valid ${language}.`, internal);
}

function tooDeep(what: string): LookFailure {
  const reason = `${what} is nested more than ${limits.depth} levels deep.`;
  return new LookFailure('oversized', reason, `depth over ${limits.depth}`);
}

function plain(value: unknown, what: string, depth: number, budget: { left: number }): Json {
  if (depth > limits.depth) throw tooDeep(what);
  budget.left -= 1;
  if (budget.left < 0) {
    const reason = `${what} holds more than ${limits.nodes} values.`;
    throw new LookFailure('oversized', reason, 'too many values');
  }
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean' || typeof value === 'string' || typeof value === 'number') return value;
  if (Array.isArray(value)) return value.map((item) => plain(item, what, depth + 1, budget));
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    const entries = Object.entries(value).map(([key, item]) => [key, plain(item, what, depth + 1, budget)]);
    return Object.fromEntries(entries);
  }
  return String(value);
}
