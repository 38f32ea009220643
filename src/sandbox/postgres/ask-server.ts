/** Whether a PostgreSQL server takes connections, without being let in: a trainee may have closed it to everybody. */
import { connect } from 'node:net';

/** Null when it serves, else what is wrong, as `does not answer`. */
export function serverTrouble(port: number, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: timeoutMs });
    const end = (trouble: string | null) => {
      socket.destroy();
      resolve(trouble);
    };
    const heard: Buffer[] = [];
    socket.once('connect', () => socket.write(startupMessage));
    socket.on('data', (chunk) => {
      heard.push(chunk);
      const trouble = read(Buffer.concat(heard));
      if (trouble !== undefined) end(trouble);
    });
    socket.once('timeout', () => end('does not answer'));
    socket.once('error', () => end('does not answer'));
    socket.once('close', () => end('does not answer'));
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
