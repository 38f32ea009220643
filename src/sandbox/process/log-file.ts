import {
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';

const largest = 1024 * 1024;

/**
 * For a child's output, which begins with an empty file; that of the start before is kept as `.0`. Appending, so that
 * the file may be cut while the child goes on writing.
 */
export function openLog(path: string): number {
  if (existsSync(path)) renameSync(path, `${path}.0`);
  rmSync(`${path}.1`, { force: true });
  return openSync(path, 'a', 0o600);
}

/** Keeps a log and its predecessor (`.1`) near 1 MiB each, whatever the child writes; what overflows is lost. */
export function capLog(path: string): void {
  try {
    if (statSync(path).size <= largest) return;
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
    // A flood between two looks.
    if (statSync(`${path}.1`).size > 2 * largest) truncateSync(`${path}.1`, largest);
  } catch {
    // The sandbox has just been removed.
  }
}

/** The end of it. */
export function tailOf(path: string, bytes = 2_000): string {
  try {
    const file = openSync(path, 'r');
    try {
      const { size } = fstatSync(file);
      const buffer = Buffer.alloc(Math.min(bytes, size));
      readSync(file, buffer, 0, buffer.length, Math.max(0, size - bytes));
      return buffer.toString('utf8').trim();
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}

/** The end of all that was printed, over starts and cuts. */
export function tailOfAll(path: string, bytes: number): string {
  let text = '';
  for (const file of [path, `${path}.1`, `${path}.0`]) {
    const room = bytes - Buffer.byteLength(text);
    const older = room > 0 ? tailOf(file, room) : '';
    text = older === '' ? text : `${older}\n${text}`;
  }
  return text;
}
