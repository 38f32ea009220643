/**
 * The one form in which values are stored: the same value gives the same bytes, and the bytes give the value back. JSON
 * would lose -0, NaN, timestamps, bytes and lone surrogates, and `jsonb` refuses `\u0000`: one such byte in a trainee's
 * answer would make the attempt unrecordable.
 *
 * A version byte, then one tagged value: N null, T true, F false, D double, S text as UTF-8, U text as UTF-16 (only what
 * is not well-formed), I timestamp, B bytes, L list, M map with its keys in code unit order. Lengths are 32 bit.
 */
import type { Value } from '../types.ts';

const VERSION = 1;
/** Decided for all recorded JSON; deeper values end as `unsupported` before they come here. */
const MAX_DEPTH = 64;

const tags = {
  null: 0x4e,
  true: 0x54,
  false: 0x46,
  double: 0x44,
  utf8: 0x53,
  utf16: 0x55,
  time: 0x49,
  bytes: 0x42,
  list: 0x4c,
  map: 0x4d,
} as const;

/** The canonical bytes. Throws RangeError over 64 levels of depth, TypeError for what is not a Value. */
export function encode(value: Value): Uint8Array {
  const writer = createWriter();
  writer.byte(VERSION);
  writeValue(writer, value, 1);
  return writer.done();
}

/** The value of canonical bytes. Throws TypeError for any other bytes. */
export function decode(bytes: Uint8Array): Value {
  const reader = createReader(bytes);
  if (reader.byte() !== VERSION) throw new TypeError('not canonical bytes: unknown version');
  const value = readValue(reader, 1);
  if (!reader.atEnd()) throw new TypeError('not canonical bytes: something follows the value');
  return value;
}

function writeValue(writer: Writer, value: Value, depth: number): void {
  if (depth > MAX_DEPTH) throw new RangeError(`a value is nested more than ${MAX_DEPTH} deep`);
  if (value === null) writer.byte(tags.null);
  else if (typeof value === 'boolean') writer.byte(value ? tags.true : tags.false);
  else if (typeof value === 'string') writeText(writer, value);
  else if (typeof value === 'number') {
    writer.byte(tags.double);
    writer.double(value);
  } else if (typeof value !== 'object') {
    throw new TypeError(`${typeof value} is not a recorded value`);
  } else if (Array.isArray(value)) {
    writer.byte(tags.list);
    writer.length(value.length);
    for (const item of value) writeValue(writer, item, depth + 1);
  } else if (value instanceof Date) {
    writer.byte(tags.time);
    writer.double(value.getTime());
  } else if (value instanceof Uint8Array) {
    writer.byte(tags.bytes);
    writer.bytes(value);
  } else {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    writer.byte(tags.map);
    writer.length(entries.length);
    for (const [key, item] of entries) {
      writeText(writer, key);
      writeValue(writer, item, depth + 1);
    }
  }
}

function writeText(writer: Writer, text: string): void {
  const wellFormed = text.isWellFormed();
  writer.byte(wellFormed ? tags.utf8 : tags.utf16);
  writer.bytes(Buffer.from(text, wellFormed ? 'utf8' : 'utf16le'));
}

function readValue(reader: Reader, depth: number): Value {
  if (depth > MAX_DEPTH) throw new TypeError('not canonical bytes: nested too deeply');
  const tag = reader.byte();
  switch (tag) {
    case tags.null:
      return null;
    case tags.true:
      return true;
    case tags.false:
      return false;
    case tags.double:
      return reader.double();
    case tags.time:
      return new Date(reader.double());
    case tags.bytes:
      return new Uint8Array(reader.bytes());
    case tags.list: {
      const items: Value[] = [];
      for (let left = reader.length(); left > 0; left -= 1) items.push(readValue(reader, depth + 1));
      return items;
    }
    case tags.map: {
      const record: Record<string, Value> = {};
      for (let left = reader.length(); left > 0; left -= 1) {
        const key = readText(reader, reader.byte());
        // An assignment to `__proto__` would set the prototype.
        const value = readValue(reader, depth + 1);
        Object.defineProperty(record, key, { value, enumerable: true, writable: true, configurable: true });
      }
      return record;
    }
    default:
      return readText(reader, tag);
  }
}

function readText(reader: Reader, tag: number): string {
  if (tag === tags.utf8) return reader.bytes().toString('utf8');
  if (tag === tags.utf16) return reader.bytes().toString('utf16le');
  throw new TypeError(`not canonical bytes: unknown tag ${tag}`);
}

type Writer = ReturnType<typeof createWriter>;
type Reader = ReturnType<typeof createReader>;

function createWriter() {
  let buffer = Buffer.allocUnsafe(1024);
  let at = 0;
  const room = (needed: number): void => {
    if (at + needed <= buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(buffer.length * 2, at + needed));
    buffer.copy(grown, 0, 0, at);
    buffer = grown;
  };
  const length = (n: number): void => {
    room(4);
    at = buffer.writeUInt32BE(n, at);
  };
  return {
    byte(value: number): void {
      room(1);
      at = buffer.writeUInt8(value, at);
    },
    double(value: number): void {
      room(8);
      // All NaNs are one: their payloads differ by engine.
      at = buffer.writeDoubleBE(Number.isNaN(value) ? Number.NaN : value, at);
    },
    length,
    bytes(value: Uint8Array): void {
      length(value.length);
      room(value.length);
      buffer.set(value, at);
      at += value.length;
    },
    done: (): Uint8Array => new Uint8Array(buffer.subarray(0, at)),
  };
}

function createReader(source: Uint8Array) {
  const buffer = Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  let at = 0;
  const take = (size: number): number => {
    if (at + size > buffer.length) throw new TypeError('not canonical bytes: they end too soon');
    at += size;
    return at - size;
  };
  const length = (): number => buffer.readUInt32BE(take(4));
  return {
    byte: (): number => buffer.readUInt8(take(1)),
    double: (): number => buffer.readDoubleBE(take(8)),
    length,
    bytes(): Buffer {
      const size = length();
      const start = take(size);
      return buffer.subarray(start, start + size);
    },
    atEnd: (): boolean => at === buffer.length,
  };
}
