/** Finding and reading files of the trainee's component. */
import type { LookContext, Value } from '../grading/types.ts';
import type { FileFound } from '../lab/ports.ts';
import { askCluster } from './cluster.ts';
import { parseCsv } from './csv.ts';
import type { FileSpec } from './file.ts';
import { parseOf } from './file.ts';
import { limits } from './limits.ts';
import { LookFailure } from './look.ts';
import { notReadable, parseJson, parseYaml, parseYamlDocuments } from './parse.ts';

/** A file that is not there is `exists: false`. @throws LookFailure `oversized`, `rejected`. */
export async function seeFiles(
  asked: FileSpec,
  { sandbox, fill }: LookContext,
  signal: AbortSignal,
): Promise<Value> {
  const glob = fill.text(asked.path ?? asked.glob ?? '');
  const wanted = parseOf(asked) !== null || asked.head !== undefined;
  // With `head` alone a file may be of any size.
  const headOnly = parseOf(asked) === null && asked.head !== undefined;
  const query = {
    glob,
    ...(headOnly ? { headBytes: asked.head ?? 0 } : {}),
    // One more than the cap, so that a cap that was passed is seen. What is not asked for is not read.
    maxFiles: asked.newest ?? limits.files + 1,
    maxBytesEach: wanted ? asked.max : 0,
    // A hundred files of four megabytes would be held before they were found too many.
    maxBytesAll: limits.largestFileBytes,
  };
  const { component, volume } = asked;
  const chosen =
    volume === undefined
      ? await sandbox.readFiles(component, query, signal)
      : await askCluster(
          sandbox,
          component,
          (all) => all.volumeFiles(component, volume, query, signal),
          signal,
          { ours: true },
        );
  if (chosen.length > limits.files)
    throw oversized(`There are more than ${limits.files} files like ${glob}.`);
  const held = parseOf(asked) === null ? 0 : chosen.reduce((sum, file) => sum + file.bytes, 0);
  if (held > limits.largestFileBytes) throw oversized(`The files like ${glob} are too large together.`);
  const contents = chosen.map((file) => contentOf(file, asked));
  const files = chosen.map(({ path, bytes, modifiedAt: modified }, at) => ({
    path,
    bytes,
    modified,
    ...contents[at],
  }));
  const exists = files.length > 0;
  return { exists, files, ...(asked.path === undefined ? {} : (contents[0] ?? nothing(asked))) };
}

function contentOf(file: FileFound, asked: FileSpec): Record<string, Value> {
  const parse = parseOf(asked);
  if (parse === null && asked.head === undefined) return {};
  if (file.content === null) throw oversized(`${file.path} is larger than ${asked.max} bytes.`);
  const head = asked.head === undefined ? {} : { head: decode(file.content.subarray(0, asked.head)) };
  return parse === null ? head : { ...head, [parse]: parsed(file.content, parse, file.path) };
}

function parsed(content: Uint8Array, parse: string, path: string): Value {
  const text = decode(content);
  switch (parse) {
    case 'lines':
      return text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/);
    case 'json': {
      const value = parseJson(text, path);
      if (value === undefined) throw notReadable(path, 'JSON', `${path} does not parse`);
      return value;
    }
    case 'csv':
      return parseCsv(text, path);
    case 'yaml':
      return parseYaml(text, path);
    case 'documents':
      return parseYamlDocuments(text, path);
    default:
      return text;
  }
}

/** What the fields of one file hold when there is none, so that `exists` can be asked beside them. */
function nothing(asked: FileSpec): Record<string, Value> {
  const parse = parseOf(asked);
  const empty: Record<string, Value> = {
    text: '',
    lines: [],
    json: null,
    yaml: null,
    documents: [],
    csv: [],
  };
  return {
    ...(asked.head === undefined ? {} : { head: '' }),
    ...(parse === null ? {} : { [parse]: empty[parse] ?? null }),
  };
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: false }).decode(bytes);
}

function oversized(reason: string): LookFailure {
  return new LookFailure('oversized', reason, reason);
}
