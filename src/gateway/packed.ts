/** Files in one body: of each the length of what is said of it, that as JSON, and its bytes. */
export interface PackedFile {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedAt: number;
  /** Null: it is only named. */
  readonly content: Uint8Array | null;
}

interface Head extends Omit<PackedFile, 'content'> {
  /** Of its content. */
  readonly length: number | null;
}

export function packFiles(files: Iterable<PackedFile>): Buffer {
  const pieces: Uint8Array[] = [];
  for (const { content, ...said } of files) {
    const head = Buffer.from(JSON.stringify({ ...said, length: content?.byteLength ?? null } satisfies Head));
    const size = Buffer.alloc(4);
    size.writeUInt32BE(head.byteLength);
    pieces.push(size, head, ...(content === null ? [] : [content]));
  }
  return Buffer.concat(pieces);
}

export function unpackFiles(body: Buffer): PackedFile[] {
  const files: PackedFile[] = [];
  for (let at = 0; at < body.byteLength; ) {
    const start = at + 4 + body.readUInt32BE(at);
    const { length, ...said } = JSON.parse(body.toString('utf8', at + 4, start)) as Head;
    at = start + (length ?? 0);
    if (at > body.byteLength) throw new Error('files that are cut off');
    files.push({ ...said, content: length === null ? null : body.subarray(start, at) });
  }
  return files;
}
