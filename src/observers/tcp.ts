/** `tcp`: whether a component takes a connection, and what it says first. */
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import type { LookContext, ObserverKind, Value } from '../grading/types.ts';
import { limits } from './limits.ts';
import { LookFailure, look } from './look.ts';
import { dialDoor, notServed } from './reach.ts';
import { doorOf, placed, portAlone, portGoesWithService, serviceShape } from './service-place.ts';
import { bool, componentName, number, object, string, upTo } from './spec-parts.ts';

const spec = z
  .strictObject({
    component: componentName,
    ...serviceShape,
    banner: z
      .int()
      .min(0)
      .max(limits.bannerBytes)
      .default(0)
      .describe('So many first bytes that it sends by itself, as text; 0: it is not listened to.'),
    timeout: upTo(limits.longestLookMs).default(limits.lookMs),
  })
  .refine(portGoesWithService, portAlone);

export type TcpSpec = z.infer<typeof spec>;

export const tcpObserver: ObserverKind<TcpSpec> = {
  kind: 'tcp',
  spec,
  atReference: true,
  resultType: () => object({ open: bool, durationMs: number, banner: string }),
  components: (asked) => [placed(asked, ['postgres', 'sample-api', 'service', 'redis', 'stub'])],
  observe: (asked, context, signal) =>
    look(context, asked.timeout, signal, (within) => seePort(asked, context, within)),
};

async function seePort(asked: TcpSpec, context: LookContext, signal: AbortSignal): Promise<Value> {
  const { sandbox, fill } = context;
  const { component, at } = doorOf(asked, fill);
  const start = performance.now();
  let socket: Duplex;
  try {
    socket = await dialDoor(sandbox, { component, at }, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof LookFailure) throw thrown;
    const why = at === null ? null : await notServed(sandbox, component, at.service, thrown, signal);
    if (why?.problem === 'backend_down') throw why;
    // Closed is what was asked about: a value, whoever closed it.
    return { open: false, durationMs: Math.round(performance.now() - start), banner: '' };
  }
  socket.on('error', () => {});
  const durationMs = Math.round(performance.now() - start);
  try {
    const banner = asked.banner === 0 ? '' : await firstBytes(socket, asked.banner, signal);
    return { open: true, durationMs, banner };
  } finally {
    socket.destroy();
  }
}

/** What it says within a second. */
async function firstBytes(socket: Duplex, most: number, signal: AbortSignal): Promise<string> {
  const quiet = AbortSignal.any([signal, AbortSignal.timeout(limits.bannerMs)]);
  const chunks: Buffer[] = [];
  let bytes = 0;
  const hangUp = () => socket.destroy();
  quiet.addEventListener('abort', hangUp, { once: true });
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.byteLength;
      if (bytes >= most) break;
    }
  } catch {
    // Cut off: what was said until then is what was said.
  } finally {
    quiet.removeEventListener('abort', hangUp);
  }
  signal.throwIfAborted();
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, most));
}
