/** An append-only file of JSON lines. What was appended is there after this process was killed. */
import { existsSync, openSync, readFileSync, writeSync } from 'node:fs';

export interface JournalFile<Line> {
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
  return {
    file: {
      append: (line) => void writeSync(descriptor, `${JSON.stringify(line)}\n`),
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
