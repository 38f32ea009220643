/** A connection to a program in a container as a byte stream of what it reads and prints. */
import { Duplex } from 'node:stream';

/** Makes, of what comes in, what the reader gets. */
export type Decoder = (push: (bytes: Buffer) => void) => (piece: Buffer) => void;

/**
 * Reading slowly holds the program back. Ending it closes the program's input only; destroying it closes the connection,
 * whose end is the end of the stream.
 */
export function execStream(socket: Duplex, decoder: Decoder): Duplex {
  const take = decoder((bytes) => {
    if (!stream.push(bytes)) socket.pause();
  });
  const stream = new Duplex({
    read: () => void socket.resume(),
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, done),
    final(done) {
      if (socket.writable) socket.end(done);
      else done();
    },
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', take);
  socket.once('end', () => stream.push(null));
  socket.once('error', (error) => stream.destroy(error));
  // Without an end before it, it was cut off; what is written would go nowhere.
  socket.once('close', () => {
    if (socket.readableEnded) stream.end();
    else stream.destroy();
  });
  return stream;
}
