import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { client, startWorld, type World } from './world.ts';

let world: World;
let ann: ReturnType<typeof client>;
let bob: ReturnType<typeof client>;
let teacher: ReturnType<typeof client>;

beforeAll(async () => {
  world = await startWorld();
  ann = client(world.app, await world.token('trainee', 'ann'));
  bob = client(world.app, await world.token('trainee', 'bob'));
  teacher = client(world.app, await world.token('instructor', 'teacher'));
});
afterAll(() => world.stop());

/** A trainee of a test's own, so that quotas of other tests do not matter. */
async function trainee(name: string) {
  return client(world.app, await world.token('trainee', name));
}

describe('asking for a lab', () => {
  it('accepts at once and says where the lab is', async () => {
    const made = await ann('POST', '/labs', { template: 'first-steps' });
    expect(made.status).toBe(202);
    expect(made.headers.location).toBe(`/api/v1/labs/${made.json.id}`);
    expect(made.json).toMatchObject({ status: 'queued', trainee: 'ann', template: 'first-steps' });
    const found = await ann('GET', String(made.headers.location));
    expect(found.status).toBe(200);
    expect(found.json).toMatchObject({ id: made.json.id, status: 'queued' });
    expect(found.json.secondsLeft).toBeGreaterThan(3500);
    expect(found.headers['cache-control']).toBe('no-store');
  });

  it('suggests the template that was meant', async () => {
    const refused = await ann('POST', '/labs', { template: 'frist-steps' });
    expect(refused.status).toBe(404);
    expect(refused.json).toMatchObject({ code: 'template_not_found', suggestion: 'first-steps' });
    expect(refused.json.detail).toContain('Did you mean "first-steps"?');
  });

  it('gives the same lab for the same key and body, and refuses the key for another body', async () => {
    const key = { 'idempotency-key': 'k-1' };
    const carl = await trainee('carl');
    const first = await carl('POST', '/labs', { template: 'first-steps' }, key);
    const again = await carl('POST', '/labs', { template: 'first-steps' }, key);
    expect(again.json.id).toBe(first.json.id);
    expect(again.headers['idempotency-replayed']).toBe('true');
    const other = await carl('POST', '/labs', { template: 'first-steps', ttl: '30m' }, key);
    expect(other.status).toBe(409);
    expect(other.json.code).toBe('idempotency_conflict');
    const foreign = await bob('POST', '/labs', { template: 'first-steps' }, key);
    expect(foreign.json.id).not.toBe(first.json.id);
  });

  it('says which quota is reached and when to try again', async () => {
    const dora = await trainee('dora');
    for (let i = 0; i < 3; i++) {
      expect((await dora('POST', '/labs', { template: 'first-steps' })).status).toBe(202);
    }
    const refused = await dora('POST', '/labs', { template: 'first-steps' });
    expect(refused.status).toBe(429);
    expect(refused.json).toMatchObject({ code: 'quota_trainee', quota: 'trainee', limit: 3, used: 3 });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('lets only instructors ask for others or choose the seed', async () => {
    for (const body of [{ trainee: 'bob' }, { seed: 's1' }]) {
      const refused = await ann('POST', '/labs', { template: 'first-steps', ...body });
      expect(refused.status).toBe(403);
      expect(refused.json.field).toBe(Object.keys(body)[0]);
    }
    const made = await teacher('POST', '/labs', { template: 'first-steps', trainee: 'emil', seed: 's1' });
    expect(made.json).toMatchObject({ trainee: 'emil', seed: 's1' });
    const emil = await trainee('emil');
    expect((await emil('GET', `/labs/${made.json.id}`)).json.seed).toBeUndefined();
  });

  it('refuses a backend that is not there and a life that is too long', async () => {
    const backend = await ann('POST', '/labs', { template: 'first-steps', backend: 'docker' });
    expect(backend.status).toBe(422);
    expect(backend.json).toMatchObject({ code: 'backend_not_supported', allowed: ['process'] });
    const ttl = await ann('POST', '/labs', { template: 'first-steps', ttl: '3h' });
    expect(ttl.status).toBe(422);
    expect(ttl.json).toMatchObject({ code: 'extend_too_long', maxSeconds: 7200 });
  });
});

describe('a lab of somebody else', () => {
  it('is not found, whatever is asked of it', async () => {
    const { json: lab } = await ann('POST', '/labs', { template: 'first-steps' });
    const asked = await Promise.all([
      bob('GET', `/labs/${lab.id}`),
      bob('DELETE', `/labs/${lab.id}`),
      bob('POST', `/labs/${lab.id}/reset`, {}),
      bob('POST', `/labs/${lab.id}/extend`, { minutes: 1 }),
      bob('GET', `/labs/${lab.id}/access`),
      bob('GET', `/labs/${lab.id}/guide`),
      bob('GET', `/labs/${lab.id}/events`),
      bob('GET', `/labs/${lab.id}/progress`),
      bob('GET', `/labs/${lab.id}/attempts`),
      bob('GET', `/labs/${lab.id}/attempts/1`),
      bob('POST', `/labs/${lab.id}/attempts`, {}),
      bob('PUT', `/labs/${lab.id}/answers/colour`, { value: 'red' }),
      bob('POST', `/labs/${lab.id}/checks/open/hints`, {}),
    ]);
    const missing = await bob('GET', '/labs/lab-9999');
    for (const answer of asked) {
      expect(answer.status).toBe(404);
      expect(answer.json.code).toBe(missing.json.code);
      expect(answer.json.detail.replace(lab.id, 'lab-9999')).toBe(missing.json.detail);
    }
    expect((await bob('GET', '/labs')).json.items.map((one: { id: string }) => one.id)).not.toContain(lab.id);
    expect((await bob('GET', '/labs?trainee=ann')).status).toBe(403);
    expect((await teacher('GET', `/labs/${lab.id}`)).status).toBe(200);
  });
});

describe('lists', () => {
  it('come in pages without gaps or doubles', async () => {
    const fritz = await trainee('fritz');
    const made: string[] = [];
    for (let i = 0; i < 3; i++)
      made.push((await fritz('POST', '/labs', { template: 'first-steps' })).json.id);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const next: string = cursor === null ? '' : `&cursor=${cursor}`;
      const page = await fritz('GET', `/labs?limit=2${next}`);
      seen.push(...page.json.items.map((one: { id: string }) => one.id));
      cursor = page.json.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(made.reverse());
    await fritz('DELETE', `/labs/${seen[0]}`);
    const active = await fritz('GET', '/labs?state=active&template=first-steps');
    expect(active.json.items.map((one: { id: string }) => one.id)).toEqual(seen.slice(1));
    const wrong = await fritz('GET', '/labs?state=sleeping');
    expect(wrong.status).toBe(422);
    expect(wrong.json.errors[0]).toMatchObject({ field: 'state', found: '"sleeping"' });
    expect(wrong.json.errors[0].allowed).toContain('"ready"');
    expect((await fritz('GET', '/labs?cursor=nonsense')).json.code).toBe('validation_failed');
  });
});

describe('a lab that is ready', () => {
  it('gives access to its owner, with a note that the backend is no boundary', async () => {
    const gina = await trainee('gina');
    const { json: lab } = await gina('POST', '/labs', { template: 'first-steps' });
    const early = await gina('GET', `/labs/${lab.id}/access`);
    expect(early.status).toBe(409);
    expect(early.json).toMatchObject({ code: 'lab_not_ready', phase: 'requested' });
    await world.makeReady(lab.id, { email: 'x@example.org', key: 'SECRET-PARAM' });
    const access = await gina('GET', `/labs/${lab.id}/access`);
    expect(access.json.components.database.facts.url).toContain('pw-of-the-trainee');
    expect(access.json.isolated).toBe(false);
    expect(access.json.note).toContain('no security boundary');
    expect(access.text).not.toContain('pw-of-the-checker');
    expect(access.headers['cache-control']).toBe('no-store');
    const guide = await gina('GET', `/labs/${lab.id}/guide`);
    expect(guide.json.instructions).toBe('Mail x@example.org at 127.0.0.1 key •••');
    expect(guide.json.tasks[0].text).toContain('postgresql://ann:pw-of-the-trainee@');
  });

  it('is extended up to its maximum and not past it', async () => {
    const hugo = await trainee('hugo');
    const { json: lab } = await hugo('POST', '/labs', { template: 'first-steps' });
    const longer = await hugo('POST', `/labs/${lab.id}/extend`, { minutes: 30 });
    expect(longer.status).toBe(200);
    expect(Date.parse(longer.json.expiresAt) - Date.parse(lab.expiresAt)).toBe(30 * 60_000);
    const tooLong = await hugo('POST', `/labs/${lab.id}/extend`, { minutes: 31 });
    expect(tooLong.status).toBe(422);
    expect(tooLong.json).toMatchObject({ code: 'extend_too_long', maxMinutes: 30 });
  });

  it('resets the named components and names those that exist when one does not', async () => {
    const ida = await trainee('ida');
    const { json: lab } = await ida('POST', '/labs', { template: 'first-steps' });
    expect((await ida('POST', `/labs/${lab.id}/reset`)).json.code).toBe('lab_not_ready');
    await world.makeReady(lab.id);
    const unknown = await ida('POST', `/labs/${lab.id}/reset`, { components: ['databse'] });
    expect(unknown.status).toBe(404);
    expect(unknown.json).toMatchObject({ code: 'component_not_found', known: ['database'] });
    expect(unknown.json.detail).toContain('Did you mean "database"?');
    const reset = await ida('POST', `/labs/${lab.id}/reset`, { components: ['database'], keepScore: true });
    expect(reset.status).toBe(202);
    expect(reset.json).toMatchObject({ status: 'resetting', phase: 'ready' });
  });

  it('gives the same answer however often it is ended', async () => {
    const jan = await trainee('jan');
    const { json: lab } = await jan('POST', '/labs', { template: 'first-steps' });
    const first = await jan('DELETE', `/labs/${lab.id}`);
    const second = await jan('DELETE', `/labs/${lab.id}`);
    expect([first.status, second.status]).toEqual([202, 202]);
    const { secondsLeft: _, ...same } = first.json;
    expect(second.json).toMatchObject(same);
    await world.terminate(lab.id);
    const third = await jan('DELETE', `/labs/${lab.id}`);
    expect(third.json).toMatchObject({ status: 'ended', endReason: 'deleted', secondsLeft: 0 });
    const extend = await jan('POST', `/labs/${lab.id}/extend`, { minutes: 1 });
    expect(extend.json.code).toBe('lab_ended');
  });
});

describe('what went wrong inside', () => {
  it('is told to instructors, and its trainee learns only that it went wrong', async () => {
    const who = await trainee('uma');
    const { json: lab } = await who('POST', '/labs', { template: 'first-steps' });
    const { lab: row } = await world.store.getLab(lab.id);
    if (row === null) throw new Error('the lab is not there');
    const { templateId, templateHash, backend } = row;
    const box = { id: 'box-uma', templateId, templateHash, backend, components: ['database'] };
    const started = await world.store.startSandboxForLab(lab.id, 1, box, { phase: 'provisioning' }, []);
    await world.store.changeSandbox(box.id, 1, { failures: 1, lastError: 'INTERNAL-TEXT' });
    const starting = await who('GET', `/labs/${lab.id}`);
    expect(starting.json.message).toContain('last try failed');
    expect(starting.text).not.toContain('INTERNAL-TEXT');
    expect((await teacher('GET', `/labs/${lab.id}`)).json.message).toContain('INTERNAL-TEXT');
    const version = started?.lab?.version ?? 0;
    const failed = {
      phase: 'terminated',
      endReason: 'provision_failed',
      endDetail: 'INTERNAL-TEXT',
    } as const;
    expect(await world.store.transition(lab.id, version, failed, [])).not.toBeNull();
    for (const path of [`/labs/${lab.id}`, '/labs?state=ended']) {
      const mine = await who('GET', path);
      expect(mine.text).toContain('provision_failed');
      expect(mine.text).not.toContain('INTERNAL-TEXT');
    }
    expect((await teacher('GET', `/labs/${lab.id}`)).json.endDetail).toBe('INTERNAL-TEXT');
  });
});
