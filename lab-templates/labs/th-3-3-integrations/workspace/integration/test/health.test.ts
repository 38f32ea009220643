/** An example of a test with a server on a port of its own. A fake partner can be made in the same way. */
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createApp } from '../src/server.ts';

test('answers its health check, and knows no other pages', async (t) => {
  const app = createApp(async () => 204).listen(0, '127.0.0.1');
  t.after(() => app.close());
  await new Promise((resolve) => app.once('listening', resolve));
  const url = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
  assert.equal((await fetch(`${url}/health`)).status, 200);
  assert.equal((await fetch(`${url}/elsewhere`)).status, 404);
});
