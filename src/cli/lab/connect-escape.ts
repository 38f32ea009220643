/** `~.` at the begin of a line leaves a terminal, whatever hangs at its other end; `~~` types one `~`. As in ssh. Pure. */

const [enter, tilde, dot] = [0x0d, 0x7e, 0x2e];

export interface Typed {
  /** To be sent. */
  readonly bytes: Buffer;
  readonly leaves: boolean;
}

export function createEscape(): (keys: Buffer) => Typed {
  let isStart = true;
  let isHeld = false;
  return (keys) => {
    const sent: number[] = [];
    for (const key of keys) {
      if (isHeld) {
        isHeld = false;
        if (key === dot) return { bytes: Buffer.from(sent), leaves: true };
        if (key !== tilde) sent.push(tilde);
      } else if (isStart && key === tilde) {
        isHeld = true;
        continue;
      }
      sent.push(key);
      isStart = key === enter;
    }
    return { bytes: Buffer.from(sent), leaves: false };
  };
}
