/** Whether a program serves, asked from where its users stand. Each gives null, or what is wrong. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { probe } from './http-probe.ts';

/** A GET that is answered with 2xx. */
export async function httpTrouble(port: number, path: string, timeoutMs: number): Promise<string | null> {
  const status = await probe(port, path, timeoutMs);
  if (status === null) return 'does not answer';
  return status >= 200 && status < 300 ? null : `says that it is not ready (${status})`;
}

/** A connection is taken, and where `ask` is given, answered with something that contains `expected`. */
export function tcpTrouble(
  port: number,
  timeoutMs: number,
  talk?: { readonly ask: string; readonly expected: string },
): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: timeoutMs });
    const end = (trouble: string | null) => {
      socket.destroy();
      resolve(trouble);
    };
    let heard = '';
    socket.once('connect', () => {
      if (talk === undefined) end(null);
      else socket.write(talk.ask);
    });
    socket.on('data', (chunk) => {
      heard = `${heard}${chunk.toString('latin1')}`.slice(0, 1_000);
      if (talk !== undefined && heard.includes(talk.expected)) end(null);
    });
    socket.once('timeout', () => end('does not answer'));
    socket.once('error', () => end('does not answer'));
    socket.once('close', () => end('does not answer'));
  });
}

/** A line of its output since it was started, which may have been moved to the log's predecessor. */
export function logTrouble(logPath: string, line: string): string | null {
  const said = [logPath, `${logPath}.1`].some((path) => {
    try {
      return readFileSync(path, 'utf8').includes(line);
    } catch {
      return false;
    }
  });
  return said ? null : `has not printed "${line}"`;
}
