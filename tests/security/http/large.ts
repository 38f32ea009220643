/** Servers that answer more than a grader can hold. */
import type { Socket } from 'node:net';
import { brotliCompressSync, constants } from 'node:zlib';
import { httpObserver } from '../../../src/observers/http.ts';
import type { limits } from '../../../src/observers/limits.ts';
import { lookContext, testHandle } from '../../support/handle.ts';
import { bareServer, flood, gzipBomb, reply } from '../../support/misbehave.ts';
import { type Attack, attack, type Outcome, outcome } from '../attack.ts';
import { withLimits } from '../weaker-limits.ts';
import { gradeServer, type HttpWorld, wonBy } from './world.ts';

const mebi = 1024 * 1024;
/** So much from one answer nobody needs; every cap is far below. */
const tooMuch = 16 * mebi;

/** One look, with more time than it needs; `tookMiB` is what was taken from the server or made of it. */
async function look(answer: (socket: Socket) => unknown): Promise<Outcome> {
  const sockets: Socket[] = [];
  const server = await bareServer((socket) => {
    sockets.push(socket);
    answer(socket);
  });
  try {
    const spec = httpObserver.spec.parse({ component: 'api', path: '/', timeout: '6s' });
    const context = lookContext(testHandle({ api: server.access }));
    const seen = await httpObserver.observe(spec, context, AbortSignal.timeout(30_000));
    const held = seen.outcome === 'seen' ? JSON.stringify(seen.value).length : 0;
    const took = Math.max(held, ...sockets.map((socket) => socket.bytesWritten));
    return outcome(took > tooMuch, { took, problem: seen.outcome === 'unseen' ? seen.problem : null });
  } finally {
    await server.stop();
  }
}

function large(
  name: string,
  answer: (socket: Socket) => unknown,
  cap: keyof typeof limits,
  raised: number,
): Attack<HttpWorld> {
  return attack<HttpWorld>({
    family: 'http',
    name,
    defence: `the cap ${cap} ends it before it is gathered or unpacked`,
    off: `${cap} raised`,
    async run(world, signal) {
      const graded = wonBy(await gradeServer(world, answer, {}, signal));
      return graded.succeeded ? graded : look(answer);
    },
    control: () => withLimits({ [cap]: raised }, () => look(answer)),
  });
}

const zeros = Buffer.alloc(32 * mebi);
const gzip = gzipBomb(32 * mebi);
const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };
const packed = brotliCompressSync(zeros, quality);
const brotli = reply('200 OK', { 'content-encoding': 'br', 'content-length': packed.byteLength }, packed);
const line = Buffer.from(`x-a: ${'b'.repeat(8_000)}\r\n`);

export const largeAnswers: readonly Attack<HttpWorld>[] = [
  large('a body without end', (s) => flood(s, reply('200 OK', {})), 'httpBodyBytes', 64 * mebi),
  large(
    'chunks without end',
    (s) => {
      const chunk = Buffer.from(`10000\r\n${'a'.repeat(65_536)}\r\n`);
      flood(s, reply('200 OK', { 'transfer-encoding': 'chunked' }), chunk);
    },
    'httpBodyBytes',
    64 * mebi,
  ),
  large('a gzip bomb', (s) => s.end(gzip), 'httpBodyBytes', 256 * mebi),
  large('a brotli bomb', (s) => s.end(brotli), 'httpBodyBytes', 256 * mebi),
  large(
    'headers without end',
    (s) => flood(s, Buffer.from('HTTP/1.1 200 OK\r\n'), line),
    'httpHeaderBytes',
    256 * mebi,
  ),
];
