/** Whether a program serves, asked from within its sandbox. Each gives null, or what is wrong. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

// Not imported: an import reads all that the module has, and with it loads the fetch client (20 ms, 2 MiB).
const { request } = process.getBuiltinModule('node:http');

/** Opens a connection to where the program listens. */
export type Open = (signal: AbortSignal) => Promise<Duplex>;

const silent = 'does not answer';
/** More than any greeting that is waited for. */
const mostHeard = 1_000;

/** A GET that is answered with 2xx. */
export function httpTrouble(open: Open, path: string, signal: AbortSignal): Promise<string | null> {
  return over(open, signal, async (stream) => {
    const asked = request({ path, headers: { host: 'lab' }, createConnection: () => stream, signal });
    asked.on('error', () => {});
    asked.end();
    const [answer] = (await once(asked, 'response', { signal })) as [IncomingMessage];
    answer.on('error', () => {}).resume();
    const status = answer.statusCode ?? 0;
    return status >= 200 && status < 300 ? null : `says that it is not ready (${status})`;
  });
}

/** A connection is taken, and where `ask` is given, answered with something that contains `expected`. */
export function tcpTrouble(
  open: Open,
  signal: AbortSignal,
  talk?: { readonly ask: string; readonly expected: string },
): Promise<string | null> {
  return over(open, signal, async (stream) => {
    if (talk === undefined) return null;
    stream.write(talk.ask);
    let heard = '';
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      heard = `${heard}${(chunk as Buffer).toString('latin1')}`.slice(0, mostHeard);
      if (heard.includes(talk.expected)) return null;
    }
    return silent;
  });
}

/** Whatever goes wrong with the connection is silence. */
async function over(
  open: Open,
  signal: AbortSignal,
  work: (stream: Duplex) => Promise<string | null>,
): Promise<string | null> {
  let stream: Duplex;
  try {
    stream = await open(signal);
  } catch {
    return silent;
  }
  // It may still complain when nobody listens any more.
  stream.on('error', () => {});
  const end = () => void stream.destroy();
  signal.addEventListener('abort', end, { once: true });
  try {
    return await work(stream);
  } catch {
    return silent;
  } finally {
    signal.removeEventListener('abort', end);
    stream.destroy();
  }
}
