import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import { expect, it } from 'vitest';
import { DialledStream } from '../../src/sandbox/postgres/dialled-stream.ts';

it('is closed when its server has ended its side, though the way there would stay open', async () => {
  const [near, server] = duplexPair({ allowHalfOpen: true });
  const stream = new DialledStream(async () => near).connect();
  await once(stream, 'connect');
  stream.resume();
  server.resume();
  const closed = once(stream, 'close');
  server.end();
  await closed;
  expect(near.destroyed).toBe(true);
});
