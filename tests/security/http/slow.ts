/** Servers that keep the grader waiting. */
import type { Socket } from 'node:net';
import { exchange } from '../../../src/observers/http-exchange.ts';
import { bareServer, drip, reply } from '../../support/misbehave.ts';
import { type Attack, attack, outcome } from '../attack.ts';
import { hangs } from '../waiting.ts';
import { toLoopback } from './naive-client.ts';
import { gradeServer, type HttpWorld, wonBy } from './world.ts';

function slow(name: string, answer: (socket: Socket) => unknown): Attack<HttpWorld> {
  return attack<HttpWorld>({
    family: 'http',
    name,
    defence: 'one clock from the first byte to the last, whatever trickles in between',
    off: 'the same exchange without the clock of the look',
    run: async (world, signal) => wonBy(await gradeServer(world, answer, { deadlineSeconds: 1 }, signal)),
    async control() {
      const server = await bareServer(answer);
      try {
        const request = { method: 'GET', path: '/', headers: { host: 'x' }, body: null };
        const dial = async () => toLoopback(server.access.port);
        const hung = await hangs((signal) => exchange(request, dial, signal));
        return outcome(hung, 'whether it still waited');
      } finally {
        await server.stop();
      }
    },
  });
}

const continues = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n');

export const slowServers: readonly Attack<HttpWorld>[] = [
  slow('a server that never answers', () => undefined),
  slow('headers that come a byte at a time', (s) => drip(s, Buffer.from('HTTP/1.1 200 OK\r\nx-a: '))),
  slow('a body that comes a byte at a time', (s) => drip(s, reply('200 OK', {}))),
  slow('a chunk whose size never ends', (s) =>
    drip(s, Buffer.concat([reply('200 OK', { 'transfer-encoding': 'chunked' }), Buffer.from('1;')])),
  ),
  slow('100 Continue without end', async (socket) => {
    // Slowly, or the flood would be what is attacked with.
    const timer = setInterval(() => socket.write(continues), 20);
    socket.on('close', () => clearInterval(timer));
  }),
];
