import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createCuttable } from './cuttable.ts';
import { result } from './sample-version.ts';
import { client, startWorld, type World } from './world.ts';

let world: World;
let line: Awaited<ReturnType<typeof createCuttable>>;
let nobody: ReturnType<typeof client>;
/** Each look at the clock is a second later: what is remembered for half a second is looked at anew. */
let seconds = 0;

beforeAll(async () => {
  line = await createCuttable();
  world = await startWorld({
    through: line.through,
    deps: {
      probes: [
        { name: 'database', required: true, check: async () => void (await world.store.now()) },
        { name: 'queue', required: false, check: () => Promise.reject(new Error('connect 10.0.0.5:6379')) },
        { name: 'backend:process', required: false, check: () => new Promise(() => undefined) },
      ],
      now: () => new Date(Date.now() + 1_000 * seconds++),
    },
  });
  nobody = client(world.app, null);
});
afterEach(() => line.mend());
afterAll(async () => {
  await world.stop();
  await line.close();
});

describe('/readyz', () => {
  it('says which parts are down, not why, and waits for none of them for ever', async () => {
    const answer = await nobody('GET', '/readyz');
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      ready: true,
      parts: { database: 'up', queue: 'down', 'backend:process': 'down' },
    });
    expect(answer.text).not.toContain('10.0.0.5');
  });
});

describe('without its database', () => {
  it('the API says 503 with Retry-After, lives on, and works again when it is back', async () => {
    const token = await world.token('trainee', 'ann');
    const ann = client(world.app, token);
    const { json: lab } = await ann('POST', '/labs', { template: 'first-steps' });
    line.cut();
    const ready = await nobody('GET', '/readyz');
    expect(ready.status).toBe(503);
    expect(ready.json).toMatchObject({ ready: false, parts: { database: 'down' } });
    expect(ready.headers['retry-after']).toBe('2');
    const asked = await Promise.all([
      ann('GET', `/labs/${lab.id}`),
      ann('POST', '/labs', { template: 'first-steps' }),
      ann('GET', `/labs/${lab.id}/events`),
    ]);
    for (const answer of asked) {
      expect(answer.status).toBe(503);
      expect(answer.json.code).toBe('database_unavailable');
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
    expect((await nobody('GET', '/healthz')).json).toEqual({ status: 'ok' });
    line.mend();
    expect((await nobody('GET', '/readyz')).json.ready).toBe(true);
    expect((await ann('GET', `/labs/${lab.id}`)).status).toBe(200);
  });
});

describe('/metrics', () => {
  it('counts requests by route pattern and shows what the database and the queue know', async () => {
    const ann = client(world.app, await world.token('trainee', 'ann'));
    await ann('GET', '/labs/lab-9999');
    const { json: lab } = await ann('POST', '/labs', { template: 'first-steps' });
    await world.makeReady(lab.id);
    await ann('POST', `/labs/${lab.id}/attempts`);
    await world.grade(lab.id, [result('open', 'pass', 10, 10)]);
    const { text, status, headers } = await nobody('GET', '/metrics');
    expect(status).toBe(200);
    expect(headers['content-type']).toContain('text/plain');
    expect(text).toContain('route="/api/v1/labs/:id",status="404"');
    expect(text).not.toContain('lab-9999');
    expect(text).toContain('labwright_labs{phase="ready",template="first-steps",backend="process"} 1');
    expect(text).toMatch(/labwright_lab_phase_age_seconds\{phase="requested"\} \d/);
    expect(text).not.toContain('labwright_lab_phase_age_seconds{phase="ready"}');
    expect(text).toMatch(/labwright_sweep_overdue_seconds \d/);
    expect(text).toMatch(/labwright_queue_rings\{state="waiting"\} [1-9]/);
    expect(text).toMatch(/labwright_queue_oldest_ring_age_seconds 0*[1-9.]/);
  });

  it('are for this machine, and elsewhere for instructors and admins', async () => {
    const far = { 'x-forwarded-for': '203.0.113.9' };
    expect((await nobody('GET', '/metrics', undefined, far)).status).toBe(401);
    const ann = client(world.app, await world.token('trainee', 'ann'));
    expect((await ann('GET', '/metrics', undefined, far)).status).toBe(403);
    const teacher = client(world.app, await world.token('instructor', 'teacher'));
    expect((await teacher('GET', '/metrics', undefined, far)).status).toBe(200);
  });

  it('leave out what is down instead of failing', async () => {
    const other = await startWorld({
      deps: { registry: new Registry(), facts: { read: () => Promise.reject(new Error('down')) } },
    });
    const { status, text } = await client(other.app, null)('GET', '/metrics');
    expect(status).toBe(200);
    expect(text).not.toMatch(/^labwright_labs|^labwright_sweep_overdue_seconds/m);
    expect(text).toContain('labwright_queue_rings{state="waiting"}');
    await other.stop();
  });
});
