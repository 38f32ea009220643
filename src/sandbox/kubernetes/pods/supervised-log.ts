/** The log of a supervised container: what its program printed, between the supervisor's own lines. Pure. */

/** No text has it. */
const mark = String.fromCharCode(0x1e);
const began = `${mark}began `;
const ended = `${mark}ended `;

export interface Ending {
  /** Null: not known, for it went with its container. */
  readonly exitCode: number | null;
  readonly outOfMemory: boolean;
}

/** How its last run ended; null: it runs, or has not begun. The program could say the same: it is its own word. */
export function endingIn(log: string): Ending | null {
  const last = log.split('\n').findLast((line) => line.startsWith(mark));
  if (last === undefined || !last.startsWith(ended)) return null;
  // The run, its exit code, and how often the kernel ended something for its memory.
  const [, code = '', kills = '0'] = last.slice(ended.length).split(' ');
  return { exitCode: /^\d+$/.test(code) ? Number(code) : null, outOfMemory: Number(kills) > 0 };
}

/** Without the supervisor's lines, and the newest `maxBytes` of it. */
export function wordsOf(log: string, maxBytes: number, of: 'all' | 'this run'): string {
  const lines = log.split('\n');
  const first = of === 'all' ? 0 : lines.findLastIndex((line) => line.startsWith(began)) + 1;
  const own = lines.slice(first).filter((line, index, all) => {
    // A program's last line may have had no end: the supervisor gives it one, and so it is empty where it had.
    const isEnd = line === '' && all[index + 1]?.startsWith(ended);
    return !isEnd && !line.startsWith(mark);
  });
  const words = Buffer.from(own.join('\n'));
  return words.subarray(Math.max(0, words.byteLength - maxBytes)).toString('utf8');
}
