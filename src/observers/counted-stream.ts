/**
 * What `pg` calls a socket, over any byte stream, with a cap on what may arrive: the driver's parser gathers a whole
 * message before anyone sees it, so a value of 100 MB must be stopped below it.
 */
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';

export class WireOverflow extends Error {
  constructor(cap: number) {
    super(`more than ${cap} bytes arrived`);
    this.name = 'WireOverflow';
  }
}

/** Owns `inner`: ends and errors pass through, destroying one destroys both. */
export class CountedStream extends Duplex {
  readonly #inner: Duplex;
  #left: number;

  constructor(inner: Duplex, cap: number) {
    super();
    this.#inner = inner;
    this.#left = cap;
    inner.on('data', (chunk: Buffer) => {
      this.#left -= chunk.byteLength;
      if (this.#left < 0) this.destroy(new WireOverflow(cap));
      else if (!this.push(chunk)) inner.pause();
    });
    inner.on('end', () => this.push(null));
    inner.on('error', (error) => this.destroy(error));
    inner.on('close', () => this.destroy());
  }

  override _read(): void {
    this.#inner.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#inner.write(chunk, encoding, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#inner.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#inner.destroy();
    done(error);
  }

  /** It is connected already; `pg` waits for the event all the same. */
  connect(): this {
    process.nextTick(() => this.emit('connect'));
    return this;
  }

  /** `pg` writes a question in several pieces: held back for an acknowledgement they would cost 40 ms each time. */
  setNoDelay(): this {
    if (this.#inner instanceof Socket) this.#inner.setNoDelay(true);
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
