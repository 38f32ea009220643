/** Takes the first line out of a stream of bytes. */
export interface FirstLine {
  /** What comes, in the order in which it comes. */
  take(bytes: Buffer): void;
  /** Never resolves where no whole line comes. */
  readonly found: Promise<string>;
}

/** @param rest gets all that is after the line. */
export function takeFirstLine(rest: (bytes: Buffer) => void): FirstLine {
  const { promise, resolve } = Promise.withResolvers<string>();
  let before: Buffer | null = Buffer.alloc(0);
  return {
    found: promise,
    take(bytes) {
      if (before === null) return rest(bytes);
      const all = Buffer.concat([before, bytes]);
      const end = all.indexOf('\n');
      if (end < 0) {
        before = all;
        return;
      }
      before = null;
      resolve(all.subarray(0, end).toString('utf8').trim());
      if (end + 1 < all.length) rest(all.subarray(end + 1));
    },
  };
}
