import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { httpTrouble, type Open, tcpTrouble } from '../../../src/sandbox/containers/probes/probes.ts';

/** A server that does this with what it hears first; `open` comes to it. */
async function listening(serve: (socket: Socket) => void): Promise<{ open: Open; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const open: Open = async (signal) => {
    const socket = connect({ host: '127.0.0.1', port, signal });
    await once(socket, 'connect');
    return socket;
  };
  return { open, sockets };
}

const says = (text: string) => (socket: Socket) => void socket.once('data', () => socket.write(text));
const soon = () => AbortSignal.timeout(300);
const patient = () => AbortSignal.timeout(30_000);

describe('probes', () => {
  it.each([
    ['HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok', null],
    ['HTTP/1.1 204 No Content\r\n\r\n', null],
    ['HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n', 'says that it is not ready (503)'],
    ['HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n', 'says that it is not ready (302)'],
    ['what?\r\n\r\n', 'does not answer'],
  ])('reads the answer %j', async (answer, trouble) => {
    const { open } = await listening(says(answer));
    expect(await httpTrouble(open, '/ready', patient())).toBe(trouble);
  });

  it('asks for the path', async () => {
    let heard = '';
    const { open } = await listening((socket) =>
      socket.once('data', (chunk) => {
        heard = String(chunk);
        socket.end('HTTP/1.1 200 OK\r\n\r\n');
      }),
    );
    await httpTrouble(open, '/a/b?c=1', patient());
    expect(heard).toMatch(/^GET \/a\/b\?c=1 HTTP\/1\.1\r\n/);
  });

  it.each([
    ['says nothing', (socket: Socket) => void socket.resume()],
    ['hangs up', (socket: Socket) => void socket.destroy()],
    ['never ends its head', (socket: Socket) => void socket.resume().write('HTTP/1.1 200 OK\r\nx: ')],
  ])('takes one that %s for silent, and leaves no connection', async (_, serve) => {
    const { open, sockets } = await listening(serve);
    expect(await httpTrouble(open, '/', soon())).toBe('does not answer');
    expect(await tcpTrouble(open, soon(), { ask: 'PING', expected: 'PONG' })).toBe('does not answer');
    await expect.poll(() => sockets.size, { timeout: 10_000 }).toBe(0);
  });

  it('does not wait for the end of an endless answer', async () => {
    const { open } = await listening((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const more = setInterval(() => socket.write('more'), 5);
      socket.once('close', () => clearInterval(more));
    });
    expect(await httpTrouble(open, '/', patient())).toBeNull();
  });

  it('takes whoever cannot be connected to for silent', async () => {
    const refused: Open = () => Promise.reject(new Error('refused'));
    expect(await httpTrouble(refused, '/', patient())).toBe('does not answer');
    expect(await tcpTrouble(refused, patient())).toBe('does not answer');
  });

  it('is content with a connection where nothing is to be said', async () => {
    const { open } = await listening(() => {});
    expect(await tcpTrouble(open, patient())).toBeNull();
  });

  it('waits for the word that it expects, in however many pieces', async () => {
    const { open } = await listening((socket) => {
      socket.once('data', () => {
        socket.write('+OK\r\n+PO');
        setTimeout(() => socket.write('NG\r\n'), 20);
      });
    });
    expect(await tcpTrouble(open, patient(), { ask: 'AUTH x\r\nPING\r\n', expected: '+PONG' })).toBeNull();
  });

  it('is not fooled by another word', async () => {
    const { open } = await listening((socket) => void socket.once('data', () => socket.end('-NOAUTH\r\n')));
    expect(await tcpTrouble(open, patient(), { ask: 'PING\r\n', expected: '+PONG' })).toBe('does not answer');
  });
});
