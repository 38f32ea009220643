/** Writes an export as one `.tar.gz`, whole or not at all. */
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import type { ParcelFile } from './parcel.ts';

/** Readable by its owner alone, as it holds a trainee's work. @returns its size. */
export async function writePacked(
  path: string,
  files: readonly ParcelFile[],
  at: Date,
  signal: AbortSignal,
): Promise<number> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // Two workers may write the same one: each its own, and the last to be done stays.
  const building = `${path}.${process.pid}.building`;
  const tar = pack();
  try {
    const written = pipeline(tar, createGzip(), createWriteStream(building, { mode: 0o600 }), { signal });
    for (const { path: name, bytes } of files)
      tar.entry({ name, mtime: at, mode: 0o644 }, Buffer.from(bytes));
    tar.finalize();
    await written;
    await rename(building, path);
  } catch (thrown) {
    await rm(building, { force: true });
    throw thrown;
  }
  return (await stat(path)).size;
}
