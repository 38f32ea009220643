/**
 * A template version as bytes, for the database. The hash goes along: a lab keeps the version that it was made from
 * when the platform's parts change later.
 */
import { createHash } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { z } from 'zod';
import { LabError } from '../lab/errors.ts';
import type { Language } from './language.ts';
import { maxFolderBytes } from './load-folder.ts';
import { formatProblem } from './problem.ts';
import type { TemplateVersion } from './types.ts';

const header = z.strictObject({
  format: z.literal(1),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  content: z.string(),
  files: z.array(z.tuple([z.string(), z.int().min(0)])),
});

// The header names every file.
const maxBundleBytes = maxFolderBytes + 2 * 1024 * 1024;

/** `<length of header>\n<header as JSON><contents in order>`, compressed with zstd. */
export function encodeBundle(version: TemplateVersion): Uint8Array {
  const files = [...version.files].sort(([a], [b]) => (a < b ? -1 : 1));
  const content = Buffer.concat(files.map(([, bytes]) => bytes));
  const head = Buffer.from(
    JSON.stringify({
      format: 1,
      hash: version.hash,
      content: sha256(content),
      files: files.map(([path, bytes]) => [path, bytes.byteLength]),
    } satisfies z.infer<typeof header>),
  );
  const plain = Buffer.concat([Buffer.from(`${head.byteLength}\n`), head, content]);
  return new Uint8Array(zstdCompressSync(plain, { params: { [constants.ZSTD_c_compressionLevel]: 9 } }));
}

/**
 * The version again, its template parsed anew, under the hash that it was saved with. Throws LabError `internal` when
 * the bytes are damaged, `template_invalid` when the language no longer reads it.
 */
export function decodeBundle(bytes: Uint8Array, language: Language): TemplateVersion {
  const { hash, files } = unpack(bytes);
  const { template, problems } = language.parseTemplate(files, null);
  if (template === null) {
    const errors = problems.filter((problem) => problem.severity === 'error').map(formatProblem);
    throw new LabError(
      'template_invalid',
      `This version of the template is no longer read: ${errors.join('; ')}`,
    );
  }
  return { hash, template, files };
}

function unpack(bytes: Uint8Array): { hash: string; files: ReadonlyMap<string, Uint8Array> } {
  try {
    const plain = zstdDecompressSync(bytes, { maxOutputLength: maxBundleBytes });
    const newline = plain.indexOf(10);
    const start = newline + 1 + Number(plain.subarray(0, newline).toString('latin1'));
    const head = header.parse(JSON.parse(plain.subarray(newline + 1, start).toString()));
    if (sha256(plain.subarray(start)) !== head.content) throw new Error('the content is not what was saved');
    const files = new Map<string, Uint8Array>();
    let offset = start;
    for (const [path, length] of head.files) {
      files.set(path, new Uint8Array(plain.subarray(offset, offset + length)));
      offset += length;
    }
    return { hash: head.hash, files };
  } catch (cause) {
    throw new LabError('internal', 'A saved template version is damaged.', { cause });
  }
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
