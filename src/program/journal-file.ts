/** An append-only file of JSON lines. What was appended is there after this process was killed. */
import { existsSync, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';

export interface JournalFile<Line> {
  /** What it holds, in bytes. */
  readonly size: number;
  /** Returns when the system has it: a SIGKILL of this process loses nothing. */
  append(line: Line): void;
}

/**
 * Opens it and reads what is there. A line that is cut short by a crash is left out, and closed so that the next one
 * is whole.
 */
export function openJournalFile<Line>(path: string): {
  readonly file: JournalFile<Line>;
  readonly lines: readonly Line[];
} {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const descriptor = openSync(path, 'a', 0o600);
  if (text !== '' && !text.endsWith('\n')) writeSync(descriptor, '\n');
  let size = fstatSync(descriptor).size;
  return {
    file: {
      get size() {
        return size;
      },
      append(line) {
        size += writeSync(descriptor, `${JSON.stringify(line)}\n`);
      },
    },
    lines: text.split('\n').flatMap((line): Line[] => {
      try {
        return [JSON.parse(line) as Line];
      } catch {
        return [];
      }
    }),
  };
}
