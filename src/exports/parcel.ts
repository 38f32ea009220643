/** What goes into an export: files with their checksums, up to a size over all. */
import { createHash } from 'node:crypto';

export interface ParcelFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface Manifest {
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
  /** What is to be kept and is not in it, with the reason. */
  readonly leftOut: readonly { readonly what: string; readonly why: string }[];
}

export interface Parcel {
  /** How many bytes may still be added. */
  readonly room: number;
  /** False, and noted as left out, when there is no room for it. */
  add(path: string, bytes: Uint8Array): boolean;
  leaveOut(what: string, why: string): void;
  readonly files: readonly ParcelFile[];
  manifest(): Manifest;
}

/** Far more names than people look through; the rest are counted. */
const mostLeftOut = 1_000;

export function createParcel(maxBytes: number): Parcel {
  const files: ParcelFile[] = [];
  const leftOut: Manifest['leftOut'][number][] = [];
  let room = maxBytes;

  const leaveOut = (what: string, why: string) => {
    if (leftOut.length < mostLeftOut) leftOut.push({ what, why });
  };

  return {
    get room() {
      return room;
    },
    add(path, bytes) {
      if (bytes.byteLength > room) {
        leaveOut(path, `it is over what is left of ${maxBytes} bytes`);
        return false;
      }
      room -= bytes.byteLength;
      files.push({ path, bytes });
      return true;
    },
    leaveOut,
    files,
    manifest: () => ({
      files: files.map(({ path, bytes }) => ({
        path,
        bytes: bytes.byteLength,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      })),
      leftOut,
    }),
  };
}
