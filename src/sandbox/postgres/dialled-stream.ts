/** What `pg` calls a socket, over a byte stream that somebody else opens when it is to connect. */
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Dial } from './target.ts';

/** Owns what `dial` gives: ends and errors pass through, destroying one destroys both. */
export class DialledStream extends Duplex {
  readonly #dial: Dial;
  #inner: Duplex | null = null;

  constructor(dial: Dial) {
    // A server that has ended its side is gone, and whoever waits for an answer is told.
    super({ allowHalfOpen: false });
    this.#dial = dial;
  }

  /** Where to is for `dial` to know. */
  connect(): this {
    this.#dial().then(
      (inner) => this.#begin(inner),
      (error: Error) => this.destroy(error),
    );
    return this;
  }

  #begin(inner: Duplex): void {
    inner.on('error', (error) => this.destroy(error));
    if (this.destroyed) return void inner.destroy();
    this.#inner = inner;
    inner.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) inner.pause();
    });
    inner.on('end', () => this.push(null));
    inner.on('close', () => this.destroy());
    // Questions go in several pieces: held back for an acknowledgement they would cost 40 ms each time.
    if (inner instanceof Socket) inner.setNoDelay(true);
    this.emit('connect');
  }

  override _read(): void {
    this.#inner?.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#inner === null) done(new Error('not connected'));
    else this.#inner.write(chunk, encoding, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#inner === null) done();
    else this.#inner.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#inner?.destroy();
    done(error);
  }

  setNoDelay(): this {
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
