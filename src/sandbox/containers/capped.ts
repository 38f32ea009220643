/** What a program prints, up to a limit. */
export function createCapped(maxBytes: number, onOver: () => void) {
  const chunks: Buffer[] = [];
  let room = maxBytes;
  let isOver = false;
  return {
    take(bytes: Buffer): void {
      if (bytes.length > room) {
        isOver = true;
        onOver();
      }
      if (room > 0) chunks.push(bytes.subarray(0, room));
      room -= Math.min(bytes.length, room);
    },
    text: (): string => Buffer.concat(chunks).toString('utf8'),
    isOver: (): boolean => isOver,
  };
}
