/** Whether a PostgreSQL server takes connections, without being let in: a trainee may have closed it to everybody. */
import type { Duplex } from 'node:stream';
import type { Dial } from './target.ts';

/** Null when it serves, else what is wrong, as `does not answer`. */
export function serverTrouble(dial: Dial, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    let stream: Duplex | null = null;
    let isOver = false;
    const end = (trouble: string | null) => {
      isOver = true;
      clearTimeout(timer);
      stream?.destroy();
      resolve(trouble);
    };
    const timer = setTimeout(() => end('does not answer'), timeoutMs);
    const heard: Buffer[] = [];
    const ask = (opened: Duplex) => {
      stream = opened;
      stream.on('error', () => end('does not answer'));
      stream.once('end', () => end('does not answer'));
      stream.once('close', () => end('does not answer'));
      if (isOver) return void stream.destroy();
      stream.on('data', (chunk: Buffer) => {
        heard.push(chunk);
        const trouble = read(Buffer.concat(heard));
        if (trouble !== undefined) end(trouble);
      });
      stream.write(startupMessage);
    };
    dial().then(ask, () => end('does not answer'));
  });
}

/** Protocol 3.0, and nobody in particular who wants to come in. */
const startupMessage = (() => {
  const body = Buffer.from('\0\x03\0\0user\0labwright\0database\0labwright\0\0', 'latin1');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return Buffer.concat([length, body]);
})();

/** It asks who we are, or refuses us: both are an answer. Undefined: not all of it has come. */
function read(message: Buffer): string | null | undefined {
  if (message.length < 5) return undefined;
  if (message[0] !== 'E'.charCodeAt(0)) return null;
  if (message.length < 1 + message.readUInt32BE(1)) return undefined;
  const code = /\0C([0-9A-Z]{5})\0/.exec(message.toString('latin1', 5))?.[1];
  // Starting, stopping or recovering.
  return code === '57P03' ? 'takes no connections yet' : null;
}
