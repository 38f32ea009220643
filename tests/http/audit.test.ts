import { subscribe } from 'node:diagnostics_channel';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditLog } from '../../src/lab/audit.ts';
import { client, startWorld, type World } from './world.ts';

let world: World;
let teacher: ReturnType<typeof client>;
const routes: { method: string; url: string; audit: unknown }[] = [];

beforeAll(async () => {
  subscribe('fastify.initialization', (message) => {
    const { fastify } = message as { fastify: FastifyInstance };
    fastify.addHook('onRoute', ({ method, url, config }) => {
      routes.push({ method: String(method), url, audit: config?.audit });
    });
  });
  world = await startWorld();
  teacher = client(world.app, await world.token('instructor', 'teacher'));
});
afterAll(() => world.stop());

const newest = async (query: Partial<Parameters<AuditLog['list']>[0]> = {}) =>
  (await world.audit.list({ limit: 1, ...query }))[0];

describe('every route that changes something', () => {
  it('names what is recorded of it', () => {
    const writes = routes.filter(({ method }) => !['GET', 'HEAD', 'OPTIONS'].includes(method));
    expect(writes.length).toBeGreaterThan(15);
    expect(writes.filter(({ audit }) => audit === undefined)).toEqual([]);
  });
});

describe('the audit log', () => {
  it('tells who did what to which lab', async () => {
    const who = client(world.app, await world.token('trainee', 'ada'));
    const { json: lab } = await who('POST', '/labs', { template: 'first-steps' });
    expect(await newest()).toMatchObject({
      actor: 'ada',
      role: 'trainee',
      action: 'lab.create',
      target: lab.id,
      outcome: 'done',
      detail: { template: 'first-steps' },
    });
    await world.makeReady(lab.id, { email: 'x@example.org', key: 'SECRET-PARAM' });
    await teacher('POST', `/labs/${lab.id}/extend`, { minutes: 1 });
    expect(await newest()).toMatchObject({ actor: 'teacher', action: 'lab.extend', detail: { minutes: 1 } });
    await who('DELETE', `/labs/${lab.id}`);
    expect(await newest()).toMatchObject({ actor: 'ada', action: 'lab.delete', target: lab.id });
  });

  it('keeps what was refused, with the code of the refusal', async () => {
    const ada = client(world.app, await world.token('trainee', 'ada'));
    const eve = client(world.app, await world.token('trainee', 'eve'));
    const { json: lab } = await ada('POST', '/labs', { template: 'first-steps' });
    expect((await eve('DELETE', `/labs/${lab.id}`)).status).toBe(404);
    expect(await newest()).toMatchObject({ actor: 'eve', target: lab.id, outcome: 'lab_not_found' });
    expect((await ada('PUT', `/labs/${lab.id}/marks/report`, { marks: {} })).status).toBe(403);
    expect(await newest()).toMatchObject({
      actor: 'ada',
      action: 'check.mark',
      outcome: 'forbidden',
      detail: { check: 'report' },
    });
  });

  it('holds no secret and no answer', async () => {
    const ada = client(world.app, await world.token('trainee', 'ada-2'));
    const { json: lab } = await ada('POST', '/labs', { template: 'first-steps' });
    await world.makeReady(lab.id, { email: 'x@example.org', key: 'SECRET-PARAM' });
    const { json: made } = await teacher('POST', '/tokens', { subject: 'bob' });
    expect(await newest()).toMatchObject({
      action: 'token.create',
      target: made.id,
      detail: { subject: 'bob' },
    });
    await ada('PUT', `/labs/${lab.id}/answers/colour`, { value: 'red' });
    const rows = JSON.stringify(await world.audit.list({ limit: 1_000 }));
    expect(rows).toContain('"answer.give"');
    expect(rows).not.toContain('red"');
    expect(rows).not.toContain(made.token);
  });

  it('records nothing of reading and of malformed requests', async () => {
    const before = await newest();
    await teacher('GET', '/labs');
    await teacher('POST', '/labs', { no: 'such field' });
    await client(world.app, null)('POST', '/labs', { template: 'first-steps' });
    expect(await newest()).toEqual(before);
  });

  it('is read by instructors in pages, and by no trainee', async () => {
    const first = (await teacher('GET', '/api/v1/audit?limit=2')).json;
    const next = (await teacher('GET', `/api/v1/audit?limit=2&cursor=${first.nextCursor}`)).json;
    const ids = [...first.items, ...next.items].map(({ id }) => Number(id));
    expect(ids).toEqual([...ids].sort((a, b) => b - a));
    expect(new Set(ids).size).toBe(4);
    const mine = (await teacher('GET', '/api/v1/audit?actor=teacher&action=lab.extend')).json.items;
    expect(mine).toHaveLength(1);
    const future = new Date(Date.now() + 3_600_000).toISOString();
    expect((await teacher('GET', `/api/v1/audit?since=${future}`)).json.items).toEqual([]);
    expect((await teacher('GET', '/api/v1/audit?cursor=what')).json.code).toBe('validation_failed');
    const ada = client(world.app, await world.token('trainee', 'ada'));
    expect((await ada('GET', '/api/v1/audit')).status).toBe(403);
  });

  it('answers although a record cannot be written', async () => {
    const broken: AuditLog = { ...world.audit, record: () => Promise.reject(new Error('no disk')) };
    const other = await startWorld({ deps: { audit: broken } });
    try {
      const who = client(other.app, await other.token('trainee', 'ada'));
      expect((await who('POST', '/labs', { template: 'first-steps' })).status).toBe(202);
    } finally {
      await other.stop();
    }
  });
});
