/**
 * What a container or a program in it printed, as the engine sends it: frames of eight bytes (1 stdout, 2 stderr; length
 * in the last four) and so many bytes after them.
 */
const headBytes = 8;

/** Takes pieces of the stream as they come, and gives what each output had. */
export function createFrames(onOutput: (output: 'stdout' | 'stderr', bytes: Buffer) => void) {
  let head = Buffer.alloc(0);
  let left = 0;
  let output: 'stdout' | 'stderr' = 'stdout';
  return (piece: Buffer): void => {
    let rest = piece;
    while (rest.length > 0) {
      if (left === 0) {
        const missing = headBytes - head.length;
        head = Buffer.concat([head, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (head.length < headBytes) return;
        output = head[0] === 2 ? 'stderr' : 'stdout';
        left = head.readUInt32BE(4);
        head = Buffer.alloc(0);
        continue;
      }
      const bytes = rest.subarray(0, left);
      rest = rest.subarray(bytes.length);
      left -= bytes.length;
      onOutput(output, bytes);
    }
  };
}

/** How many lines are asked for to have so many bytes: most are longer. */
export const lines = (maxBytes: number): number => Math.min(Math.ceil(maxBytes / 16), 10_000);

/** Both outputs as they came, and only the newest `maxBytes`. */
export function lastOf(log: Buffer, maxBytes: number): string {
  const pieces: Buffer[] = [];
  createFrames((_, bytes) => void pieces.push(bytes))(log);
  const all = Buffer.concat(pieces);
  return all.subarray(Math.max(0, all.length - maxBytes)).toString('utf8');
}
