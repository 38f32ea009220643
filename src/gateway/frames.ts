/** Frames on a byte stream: four bytes of length, one of type, four of channel, and what they carry. */
import { largestFrame } from './protocol.ts';

const frameTypes = ['hello', 'open', 'accept', 'data', 'end', 'reset', 'credit', 'ping', 'pong'] as const;
export type FrameType = (typeof frameTypes)[number];

export interface Frame {
  readonly type: FrameType;
  readonly channel: number;
  readonly payload: Buffer;
}

const headBytes = 9;
export const nothing: Buffer = Buffer.alloc(0);

export function encodeFrame(type: FrameType, channel: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(headBytes + payload.byteLength);
  bytes.writeUInt32BE(payload.byteLength, 0);
  bytes.writeUInt8(frameTypes.indexOf(type), 4);
  bytes.writeUInt32BE(channel, 5);
  bytes.set(payload, headBytes);
  return bytes;
}

/** Gives the whole frames of each piece. The reader throws for what is none: the stream is of no more use then. */
export function createFrameReader(): (piece: Buffer) => Frame[] {
  let left: Buffer = nothing;
  return (piece) => {
    let bytes = left.byteLength === 0 ? piece : Buffer.concat([left, piece]);
    const frames: Frame[] = [];
    while (bytes.byteLength >= headBytes) {
      const length = bytes.readUInt32BE(0);
      const type = frameTypes[bytes.readUInt8(4)];
      if (type === undefined || length > largestFrame) throw new Error('not a frame');
      if (bytes.byteLength < headBytes + length) break;
      const payload = bytes.subarray(headBytes, headBytes + length);
      frames.push({ type, channel: bytes.readUInt32BE(5), payload });
      bytes = bytes.subarray(headBytes + length);
    }
    left = bytes;
    return frames;
  };
}
