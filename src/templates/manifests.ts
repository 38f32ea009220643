/** Kubernetes manifests of a template's folder: YAML or JSON, several documents in a file, lists taken apart. */
import { type Document, LineCounter, parseAllDocuments } from 'yaml';
import { isObject } from './tree.ts';
import type { Json } from './types.ts';

export interface Manifest {
  /** With `apiVersion`, `kind` and `metadata.name`; texts may hold `{{ }}`. */
  readonly object: { readonly [key: string]: Json };
  /** In its file, from 1. */
  readonly line: number;
}

export interface ManifestProblem {
  readonly message: string;
  readonly line: number;
}

export interface Manifests {
  readonly manifests: readonly Manifest[];
  readonly problems: readonly ManifestProblem[];
}

const mostChars = 256 * 1024;
const endings = ['.yaml', '.yml', '.json'];

export const isManifestFile = (path: string): boolean => endings.some((ending) => path.endsWith(ending));

/** The files below a folder (with a trailing slash) in the order in which they are applied: by name. */
export function manifestFiles(files: Iterable<string>, folder: string): readonly string[] {
  return [...files].filter((path) => path.startsWith(folder)).sort();
}

/** Never throws: what is wrong is among the problems. */
export function readManifests(text: string): Manifests {
  if (text.length > mostChars) {
    return { manifests: [], problems: [{ message: `has more than ${mostChars} characters`, line: 1 }] };
  }
  const lines = new LineCounter();
  const options = { lineCounter: lines, prettyErrors: false, logLevel: 'silent', stringKeys: true } as const;
  const parsed = parseAllDocuments(text, options);
  const documents: readonly Document.Parsed[] = Array.isArray(parsed) ? parsed : [];
  const manifests: Manifest[] = [];
  const problems: ManifestProblem[] = [];
  for (const document of documents) {
    const [error] = document.errors;
    const line = lines.linePos(error?.pos[0] ?? document.contents?.range?.[0] ?? 0).line;
    if (error !== undefined) {
      problems.push({ message: `is not valid YAML: ${error.message}${unquoted(text, line)}`, line });
      continue;
    }
    const content = jsonOf(document);
    if (content === undefined) problems.push({ message: 'is not valid YAML: its aliases have no end', line });
    // Nothing stands between two `---`.
    else if (content !== null) take(content, line, manifests, problems);
  }
  return { manifests, problems };
}

function jsonOf(document: Document.Parsed): Json | undefined {
  try {
    return JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: 100 }) ?? null)) as Json;
  } catch {
    return undefined;
  }
}

/** Braces begin a map in YAML. */
function unquoted(text: string, line: number): string {
  const found = text.split('\n')[line - 1] ?? '';
  return /(^|[\s:[,-])\{\{/.test(found) ? '; write {{ }} in quotes' : '';
}

function take(content: Json, line: number, manifests: Manifest[], problems: ManifestProblem[]): void {
  if (isObject(content) && content.kind === 'List' && Array.isArray(content.items)) {
    for (const item of content.items) take(item, line, manifests, problems);
    return;
  }
  const lacking = lackOf(content);
  if (lacking !== null) problems.push({ message: lacking, line });
  else if (isObject(content)) manifests.push({ object: content, line });
}

function lackOf(content: Json): string | null {
  if (!isObject(content)) return 'expected an object with apiVersion, kind and metadata.name';
  const name = isObject(content.metadata) ? content.metadata.name : undefined;
  for (const [key, value] of Object.entries({
    apiVersion: content.apiVersion,
    kind: content.kind,
    'metadata.name': name,
  })) {
    if (typeof value === 'string' && value !== '') continue;
    const found = value === undefined ? 'it is missing' : `found ${JSON.stringify(value)}`;
    return `expected the text ${key} of an object; ${found}`;
  }
  return null;
}

/** `Deployment web`. */
export function nameOf({ object }: Manifest): string {
  const name = isObject(object.metadata) ? object.metadata.name : '';
  return `${String(object.kind)} ${String(name)}`;
}
