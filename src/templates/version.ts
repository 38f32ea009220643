/** What identifies a template version: everything that decides what a lab is. */
import { createHash } from 'node:crypto';

/** Raised when the same folder comes to mean something else. */
const languageVersion = 1;

/** Parts of the platform that decide what a lab is, beside the folder. */
export interface PlatformParts {
  /** Version of the seed data generator. */
  readonly generator: string;
  /** Hash of the sample API's build. */
  readonly sampleApi: string;
}

/** sha256, hex. Every part is preceded by its length, so that no two folders run into the same bytes. */
export function versionHash(files: ReadonlyMap<string, Uint8Array>, platform: PlatformParts): string {
  const hash = createHash('sha256');
  const add = (part: string | Uint8Array) => {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    hash.update(`${bytes.byteLength}:`).update(bytes);
  };
  for (const part of ['labwright', String(languageVersion), platform.generator, platform.sampleApi])
    add(part);
  for (const [path, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    add(path);
    add(content);
  }
  return hash.digest('hex');
}
