import { Counter, Registry } from 'prom-client';
import { afterEach, expect, it } from 'vitest';
import { serveMetrics } from '../../src/compose/metrics.ts';
import { measureParts } from '../../src/http/metrics.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serve(parts: Readonly<Record<string, 'up' | 'down'>>, port = 0) {
  const registry = new Registry();
  const readiness = async () => ({ ready: parts.database === 'up', parts });
  measureParts(registry, readiness);
  new Counter({ name: 'things_total', help: 'Things', registers: [registry] }).inc(3);
  const served = await serveMetrics(registry, readiness, { host: '127.0.0.1', port });
  closers.push(served.close);
  return served.url;
}

it('serves figures, and whether the process lives and can work, without a token', async () => {
  const url = await serve({ database: 'up', queue: 'down' });
  const metrics = await fetch(`${url}/metrics`);
  expect(metrics.headers.get('content-type')).toContain('text/plain');
  const text = await metrics.text();
  expect(text).toContain('things_total 3');
  expect(text).toContain('labwright_part_up{part="database"} 1');
  expect(text).toContain('labwright_part_up{part="queue"} 0');
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  const ready = await fetch(`${url}/readyz`);
  expect(ready.status).toBe(200);
  expect(await ready.json()).toEqual({ ready: true, parts: { database: 'up', queue: 'down' } });
});

it('is not ready without what is required, and lives on', async () => {
  const url = await serve({ database: 'down' });
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

it('serves nothing else and changes nothing', async () => {
  const url = await serve({ database: 'up' });
  expect((await fetch(`${url}/api/v1/labs`)).status).toBe(404);
  expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405);
  expect((await fetch(`${url}/metrics?name=1`)).status).toBe(200);
});

it('names the setting when its port is taken', async () => {
  const port = Number(new URL(await serve({ database: 'up' })).port);
  await expect(serve({ database: 'up' }, port)).rejects.toMatchObject({
    code: 'start_failed',
    message: expect.stringContaining('METRICS_PORT'),
  });
});
