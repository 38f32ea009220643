import { Duplex } from 'node:stream';
import { type FrameType, nothing } from './frames.ts';
import { channelWindow, largestFrame, type Reason } from './protocol.ts';

/** @param done called when it was taken; an error is told by the end of the link. */
export type Send = (type: FrameType, payload: Uint8Array, done?: () => void) => void;

/**
 * A byte stream that shares its link with others, none of which waits for another: the other side is sent no more than
 * it has room for. Broken by either side it says ECONNRESET, as a socket does.
 */
export class Channel extends Duplex {
  /** Resolves with what the other side accepted it with, or why it did not. */
  readonly answered: Promise<{ readonly accepted: unknown } | { readonly reset: Reason }>;
  readonly #send: Send;
  #answer: (answer: { readonly accepted: unknown } | { readonly reset: Reason }) => void = () => {};
  /** What the other side has room for. */
  #credit = channelWindow;
  #writing: { readonly chunk: Buffer; readonly done: (error?: Error | null) => void } | null = null;
  readonly #arrived: Buffer[] = [];
  #arrivedBytes = 0;
  #taken = 0;
  #isRead = false;
  /** Which sides have ended, and whether the channel needs no more words. */
  #theyEnded = false;
  #weEnded = false;
  #isOver = false;

  /** @param allowHalfOpen false: once the other side has ended, so does this one. */
  constructor(send: Send, allowHalfOpen: boolean) {
    super({ allowHalfOpen });
    this.#send = send;
    this.answered = new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  accept(answer: unknown = null): void {
    if (!this.destroyed) this.#send('accept', Buffer.from(JSON.stringify(answer)));
  }

  /** Ends it with a reason that the other side is told. */
  reset(reason: Reason): void {
    if (this.destroyed) return;
    this.#isOver = true;
    this.#send('reset', Buffer.from(JSON.stringify(reason)).subarray(0, largestFrame));
    this.destroy();
  }

  /** A frame of the other side. Throws for what it may not send. */
  receive(type: FrameType, payload: Buffer): void {
    if (type === 'accept') this.#answer({ accepted: JSON.parse(payload.toString()) });
    else if (type === 'reset')
      this.lose(payload.length === 0 ? { lost: true } : JSON.parse(payload.toString()));
    else if (type === 'credit') {
      this.#credit += payload.readUInt32BE(0);
      this.#flow();
    } else if (type === 'end') {
      this.#theyEnded = true;
      this.#deliver();
    } else if (type === 'data') {
      this.#arrivedBytes += payload.byteLength;
      if (this.#arrivedBytes > channelWindow || this.#theyEnded)
        throw new Error('more than there was room for');
      this.#arrived.push(payload);
      this.#deliver();
    }
  }

  /** The other side has gone. */
  lose(reason: Reason): void {
    this.#isOver = true;
    this.#answer({ reset: reason });
    this.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' }));
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#writing = { chunk, done };
    this.#flow();
  }

  #flow(): void {
    const writing = this.#writing;
    if (writing === null || this.#credit === 0 || this.destroyed) return;
    const { chunk, done } = writing;
    const piece = chunk.subarray(0, Math.min(this.#credit, largestFrame));
    this.#credit -= piece.byteLength;
    // Goes on when it was taken: this is how whoever writes learns that the way is full.
    this.#writing = null;
    this.#send('data', piece, () => {
      if (piece.byteLength === chunk.byteLength || this.destroyed) return done();
      this.#writing = { chunk: chunk.subarray(piece.byteLength), done };
      this.#flow();
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#weEnded = true;
    this.#send('end', nothing, done);
  }

  override _read(): void {
    this.#isRead = true;
    this.#deliver();
  }

  #deliver(): void {
    while (this.#isRead) {
      const chunk = this.#arrived.shift();
      if (chunk === undefined) break;
      this.#arrivedBytes -= chunk.byteLength;
      this.#taken += chunk.byteLength;
      this.#isRead = this.push(chunk);
    }
    if (this.#arrived.length === 0 && this.#theyEnded) this.push(null);
    else if (this.#taken >= channelWindow / 4 && !this.destroyed) {
      const credit = Buffer.alloc(4);
      credit.writeUInt32BE(this.#taken);
      this.#taken = 0;
      this.#send('credit', credit);
    }
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#answer({ reset: { lost: true } });
    if (!this.#isOver && !(this.#weEnded && this.#theyEnded)) this.#send('reset', nothing);
    const writing = this.#writing;
    this.#writing = null;
    writing?.done(error ?? new Error('the channel was closed'));
    done(error);
  }
}
