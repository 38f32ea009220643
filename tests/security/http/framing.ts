/** Answers that are not framed as HTTP says: whoever is lenient takes for an answer what is none. */
import type { Socket } from 'node:net';
import { bareServer, jsonReply, reply } from '../../support/misbehave.ts';
import { type Attack, attack, outcome } from '../attack.ts';
import { exchangeBytes, toLoopback } from './naive-client.ts';
import { gradeServer, type HttpWorld, wonBy } from './world.ts';

const wanted = 'the work is done';

/** A client that takes what came until the end, whatever was promised. */
function lenient(name: string, answer: (socket: Socket) => unknown, holds: (text: string) => boolean) {
  return attack<HttpWorld>({
    family: 'http',
    name,
    defence: 'an answer that is not valid HTTP, or not whole, is no answer',
    off: 'a client that takes what came until the end',
    run: async (world, signal) => wonBy(await gradeServer(world, answer, {}, signal)),
    async control() {
      const server = await bareServer(answer);
      try {
        const text = await exchangeBytes(toLoopback(server.access.port), 'GET / HTTP/1.1\r\nhost: x\r\n\r\n');
        return outcome(holds(text), text);
      } finally {
        await server.stop();
      }
    },
  });
}

/** Its first answer carries a second one, for whoever asks next on the same connection. */
const poisoned = (head: string) =>
  head.startsWith('GET /first')
    ? Buffer.concat([jsonReply({}), jsonReply({ said: wanted })])
    : jsonReply({ said: 'nothing yet' }, '404 Not Found');

export const framing: readonly Attack<HttpWorld>[] = [
  lenient(
    'a body that is shorter than it says',
    (s) => s.end(reply('200 OK', { 'content-length': 10_000 }, wanted)),
    (text) => text.includes('200 OK') && text.includes(wanted),
  ),
  lenient(
    'an answer of HTTP/0.9, which is only a body',
    (s) => s.end(`<html>${wanted}</html>`),
    (text) => text.includes(wanted),
  ),
  lenient(
    'two lengths that contradict each other',
    (s) => s.end(`HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 16\r\n\r\n${wanted}`),
    (text) => text.includes('200 OK') && text.includes(wanted),
  ),
  lenient(
    'a length and chunks at once',
    (s) =>
      s.end(
        `HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n10\r\n${wanted}\r\n0\r\n\r\n`,
      ),
    (text) => text.includes('200 OK') && text.includes(wanted),
  ),
  lenient(
    'a status line that is split by what the trainee wrote',
    (s) => s.end(`HTTP/1.1 404 No\nHTTP/1.1 200 OK\n\n${wanted}`),
    (text) => /^HTTP\/1\.1 200 OK$/m.test(text) && text.includes(wanted),
  ),
  attack<HttpWorld>({
    family: 'http',
    name: 'an answer to the next request, sent with the one before',
    defence: 'each request has a connection of its own, and what comes after its answer is thrown away',
    off: 'a client that keeps its connection',
    async run(world, signal) {
      const answer = (socket: Socket, head: string) => socket.write(poisoned(head));
      const server = await bareServer(answer);
      try {
        await gradeServer(world, answer, { path: '/first' }, signal);
        return wonBy(await gradeServer(world, answer, { path: '/second' }, signal));
      } finally {
        await server.stop();
      }
    },
    async control() {
      const server = await bareServer((socket, head) => socket.write(poisoned(head)));
      try {
        const answers = await askTwice(toLoopback(server.access.port));
        return outcome(answers[1]?.includes(wanted) === true, answers);
      } finally {
        await server.stop();
      }
    },
  }),
];

/** Two requests over one connection; each takes the next whole answer that is there. */
async function askTwice(socket: Socket): Promise<readonly string[]> {
  let came = '';
  socket.on('data', (chunk) => {
    came += chunk;
  });
  const answers: string[] = [];
  for (const path of ['/first', '/second']) {
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    for (;;) {
      const [head] = came.split('\r\n\r\n', 1);
      const length = Number(/content-length: (\d+)/.exec(head ?? '')?.[1] ?? Number.NaN);
      const end = (head?.length ?? 0) + 4 + length;
      if (came.length >= end) {
        answers.push(came.slice(0, end));
        came = came.slice(end);
        break;
      }
      await new Promise((resolve) => socket.once('data', resolve));
    }
  }
  socket.destroy();
  return answers;
}
