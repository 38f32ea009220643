import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TemplateVersion } from '../../src/templates/types.ts';
import { sampleVersion } from './sample-version.ts';
import { client, startWorld, type World } from './world.ts';

const id = 'first-steps';
const hash = (digit: string) => digit.repeat(64);
/** What the folder holds; its title tells which version it is. */
const folder: TemplateVersion[] = [];
function edit(digit: string): void {
  folder[0] = { ...sampleVersion({ title: `Version ${digit}` }), hash: hash(digit) };
}

let world: World;
let ines: ReturnType<typeof client>;
let ann: ReturnType<typeof client>;
let people = 0;

beforeAll(async () => {
  edit('a');
  world = await startWorld({ versions: folder });
  ines = client(world.app, await world.token('instructor', 'ines'));
});
afterAll(() => world.stop());
beforeEach(async () => {
  edit('a');
  await world.pool.query('truncate staged_versions, releases, classes cascade');
  ann = client(world.app, await world.token('trainee', `ann-${++people}`));
});

/** Stages and releases what the folder is made to hold. */
async function release(...digits: readonly string[]): Promise<void> {
  for (const digit of digits) {
    edit(digit);
    expect((await ines('POST', `/templates/${id}/stage`, {})).status).toBe(200);
    expect((await ines('POST', `/templates/${id}/release`)).json).toMatchObject({ hash: hash(digit) });
  }
}
async function labOf(who: ReturnType<typeof client>, wish: object = {}): Promise<string> {
  const made = await who('POST', '/labs', { template: id, ...wish });
  if (made.status !== 202) return made.json.code;
  await world.terminate(made.json.id);
  return made.json.templateHash.slice(0, 1);
}

describe('a template', () => {
  it('is what the folder holds for everybody while nothing was released', async () => {
    await ines('POST', `/templates/${id}/stage`);
    edit('b');
    expect([await labOf(ann), await labOf(ines)]).toEqual(['b', 'b']);
    expect((await ann('GET', `/templates/${id}`)).json.title).toBe('Version b');
  });

  it('is what was released once it was, whatever the folder holds', async () => {
    await release('a');
    edit('b');
    expect([await labOf(ann), await labOf(ines)]).toEqual(['a', 'a']);
    expect((await ann('GET', '/templates')).json.items[0].title).toBe('Version a');
    expect((await ann('GET', `/templates/${id}`)).json).toMatchObject({
      title: 'Version a',
      hash: hash('a'),
    });
    folder.length = 0;
    expect(await labOf(ann)).toBe('a');
    expect((await ann('GET', '/templates')).json.items).toHaveLength(1);
  });

  it('goes back to the release before, again and again', async () => {
    await release('a', 'b', 'c');
    const back = () => ines('POST', `/templates/${id}/rollback`, { note: 'it is wrong' });
    expect((await back()).json).toEqual({ hash: hash('b'), before: hash('c'), changed: true });
    expect(await labOf(ann)).toBe('b');
    expect((await back()).json.hash).toBe(hash('a'));
    const end = await back();
    expect([end.status, end.json.code]).toEqual([409, 'nothing_to_roll_back']);
    expect(end.json.detail).toContain(hash('a').slice(0, 12));
    expect(await labOf(ann)).toBe('a');
  });

  it('is rolled back once by two who mean the same release', async () => {
    await release('a', 'b', 'c');
    const from = hash('c').slice(0, 8);
    const both = await Promise.all([1, 2].map(() => ines('POST', `/templates/${id}/rollback`, { from })));
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await labOf(ann)).toBe('b');
  });

  it('leaves labs on their version', async () => {
    await release('a');
    const made = await ann('POST', '/labs', { template: id });
    await release('b');
    const lab = (await ann('GET', `/labs/${made.json.id}`)).json;
    expect(lab.templateHash).toBe(hash('a'));
    const { items } = (await ines('GET', `/templates/${id}/versions`)).json;
    expect(items).toMatchObject([
      { hash: hash('b'), stage: 'released', by: 'ines', labs: 0, inFolder: true },
      { hash: hash('a'), stage: 'replaced', labs: 1, inFolder: false },
    ]);
    await world.terminate(made.json.id);
  });

  it('gives every lab a version that was released, while it is released and rolled back', async () => {
    await release('a', 'b');
    const seen = new Set<string>();
    let over = false;
    const asking = [1, 2].map(async (n) => {
      const who = client(world.app, await world.token('trainee', `eve-${people}-${n}`));
      while (!over) seen.add(await labOf(who));
    });
    for (let n = 0; n < 4; n++) {
      expect((await ines('POST', `/templates/${id}/rollback`)).json.hash).toBe(hash('a'));
      expect(await labOf(ann)).toBe('a');
      const again = await ines('POST', `/templates/${id}/release`, { version: hash('b').slice(0, 6) });
      expect(again.json.hash).toBe(hash('b'));
      expect(await labOf(ann)).toBe('b');
    }
    over = true;
    await Promise.all(asking);
    expect([...seen].sort()).toEqual(['a', 'b']);
  });
});

describe('an instructor', () => {
  it('gets the version that they ask for', async () => {
    await release('a');
    edit('b');
    await ines('POST', `/templates/${id}/stage`, { note: 'for term 2' });
    edit('c');
    for (const [version, got] of [
      ['draft', 'c'],
      ['staged', 'b'],
      ['released', 'a'],
      [hash('b').slice(0, 4), 'b'],
      [hash('c'), 'c'],
    ]) {
      expect([version, await labOf(ines, { version })]).toEqual([version, got]);
    }
    const { items } = (await ines('GET', `/templates/${id}/versions`)).json;
    expect(items.map((one: { stage: string }) => one.stage)).toEqual(['draft', 'staged', 'released']);
    expect(items[1]).toMatchObject({ note: 'for term 2', by: 'ines' });
  });

  it('is told which versions there are', async () => {
    await release('a');
    const none = await ines('POST', '/labs', { template: id, version: 'staged' });
    expect([none.status, none.json.code]).toEqual([404, 'version_not_found']);
    expect(none.json).toMatchObject({
      field: 'version',
      found: 'staged',
      allowed: expect.arrayContaining(['draft', 'released']),
    });
    const near = await ines('POST', '/labs', { template: id, version: 'relaesed' });
    expect(near.json.detail).toContain('Did you mean "released"?');
    const odd = await ines('POST', '/labs', { template: id, version: 'A B' });
    expect([odd.status, odd.json.errors[0].field]).toEqual([422, 'version']);
  });

  it('releases nothing that was not staged', async () => {
    await release('a');
    edit('b');
    const nothing = await ines('POST', `/templates/${id}/release`);
    expect(nothing.json).toEqual({ hash: hash('a'), before: hash('a'), changed: false });
    const draft = await ines('POST', `/templates/${id}/release`, { version: 'draft' });
    expect([draft.status, draft.json.code]).toEqual([409, 'nothing_staged']);
    const same = await ines('POST', `/templates/${id}/release`, { version: 'released' });
    expect(same.json.changed).toBe(false);
    await release('b');
    await ines('POST', `/templates/${id}/rollback`);
    const again = await ines('POST', `/templates/${id}/release`);
    expect([again.status, again.json.code]).toEqual([409, 'nothing_staged']);
    expect(again.json.detail).toContain(hash('b').slice(0, 12));
    expect(await labOf(ann)).toBe('a');
  });

  it('is told of a template that is not there, by the nearest name', async () => {
    for (const [method, path] of [
      ['GET', 'versions'],
      ['POST', 'stage'],
      ['POST', 'release'],
      ['POST', 'rollback'],
    ] as const) {
      const answer = await ines(method, `/templates/first-stepz/${path}`);
      expect([answer.status, answer.json.code]).toEqual([404, 'template_not_found']);
      expect(answer.json.detail).toContain(`"${id}"`);
    }
    const never = await ines('POST', `/templates/${id}/rollback`);
    expect([never.status, never.json.code]).toEqual([409, 'nothing_to_roll_back']);
  });
});

describe('a draft that is gone', () => {
  it('stands for no other version', async () => {
    await release('a', 'b');
    edit('c');
    await ines('POST', `/templates/${id}/stage`);
    folder.length = 0;
    for (const [path, body] of [
      ['release', { version: 'draft' }],
      ['rollback', { from: 'draft' }],
    ] as const) {
      const answer = await ines('POST', `/templates/${id}/${path}`, body);
      expect([path, answer.status, answer.json.code]).toEqual([path, 404, 'template_not_found']);
    }
    expect(await labOf(ann)).toBe('b');
  });
});

describe('a trainee', () => {
  it('neither chooses a version nor releases one', async () => {
    expect(await labOf(ann, { version: 'draft' })).toBe('forbidden');
    for (const [method, path] of [
      ['GET', `/templates/${id}/versions`],
      ['POST', `/templates/${id}/stage`],
      ['POST', `/templates/${id}/release`],
      ['POST', `/templates/${id}/rollback`],
      ['GET', '/classes'],
      ['GET', '/classes/k'],
      ['PUT', '/classes/k'],
      ['DELETE', '/classes/k'],
    ] as const) {
      const answer = await ann(method, path, method === 'PUT' ? { title: 'K' } : undefined);
      expect([path, answer.status, answer.json.code]).toEqual([path, 403, 'forbidden']);
    }
  });
});

describe('a class', () => {
  it('gets the version that it is pinned to', async () => {
    await release('a', 'b');
    const put = await ines('PUT', '/classes/db-1', { title: 'DB 1', pins: { [id]: hash('a').slice(0, 5) } });
    expect(put.json).toMatchObject({
      id: 'db-1',
      pins: { [id]: hash('a') },
      due: {},
      changedBy: 'ines',
      labs: 0,
    });
    expect([await labOf(ann, { class: 'db-1' }), await labOf(ann)]).toEqual(['a', 'b']);
    await release('c');
    expect(await labOf(ann, { class: 'db-1' })).toBe('a');
    expect((await ines('GET', `/templates/${id}/versions`)).json.items.at(-1).classes).toEqual(['db-1']);
  });

  it('is that of the token, which sees and gets its version and no other', async () => {
    await release('a', 'b');
    await ines('PUT', '/classes/db-1', { title: 'DB 1', pins: { [id]: 'released' } });
    await ines('PUT', '/classes/db-2', { title: 'DB 2' });
    await release('c');
    const made = await ines('POST', '/tokens', { subject: 'cleo', class: 'db-1' });
    expect(made.json).toMatchObject({ class: 'db-1', role: 'trainee' });
    const cleo = client(world.app, made.json.token);
    expect((await cleo('GET', '/me')).json.class).toBe('db-1');
    expect(await labOf(cleo)).toBe('b');
    expect((await cleo('GET', `/templates/${id}`)).json.title).toBe('Version b');
    expect(await labOf(cleo, { class: 'db-2' })).toBe('forbidden');
    const wrong = await ines('POST', '/tokens', { subject: 'cleo', class: 'db-9' });
    expect([wrong.status, wrong.json.code]).toEqual([404, 'class_not_found']);
    const { items } = (await ines('GET', '/labs?class=db-1')).json;
    expect(items[0]).toMatchObject({ class: 'db-1', trainee: 'cleo' });
    expect(items.every((lab: { class: string }) => lab.class === 'db-1')).toBe(true);
    expect((await ines('GET', '/labs?class=db-2')).json.items).toEqual([]);
  });

  it('is listed, read, changed and deleted', async () => {
    const due = { [id]: { at: '2026-05-01T18:00:00+02:00', late: 'refuse' } };
    await ines('PUT', '/classes/db-1', { title: 'DB 1', due });
    await ines('PUT', '/classes/alg', { title: 'Algorithms' });
    const all = (await ines('GET', '/classes')).json.items;
    expect(all.map((one: { id: string }) => one.id)).toEqual(['alg', 'db-1']);
    expect((await ines('GET', '/classes/db-1')).json).toMatchObject({
      title: 'DB 1',
      due: { [id]: { at: '2026-05-01T16:00:00.000Z', late: 'refuse' } },
    });
    expect((await ines('DELETE', '/classes/db-1')).status).toBe(204);
    expect((await ines('DELETE', '/classes/db-1')).json.code).toBe('class_not_found');
    expect(await labOf(ann, { class: 'db-1' })).toBe('class_not_found');
  });

  it('is refused with the field, what was found and what is allowed', async () => {
    await ines('PUT', '/classes/db-1', { title: 'DB 1' });
    const lab = await ann('POST', '/labs', { template: id, class: 'db-l' });
    expect(lab.json).toMatchObject({ code: 'class_not_found', field: 'class', suggestion: 'db-1' });
    const pin = await ines('PUT', '/classes/k', { title: 'K', pins: { [id]: 'staged' } });
    expect(pin.json).toMatchObject({ code: 'version_not_found', field: `pins.${id}`, found: 'staged' });
    for (const wish of [
      { pins: { 'first-stepz': 'draft' } },
      { due: { 'first-stepz': { at: '2026-05-01T18:00:00Z' } } },
    ]) {
      const answer = await ines('PUT', '/classes/k', { title: 'K', ...wish });
      expect(answer.json.code).toBe('template_not_found');
      expect(answer.json.detail).toContain(`"${id}"`);
    }
    const when = await ines('PUT', '/classes/k', { title: 'K', due: { [id]: { at: 'tomorrow' } } });
    expect([when.status, when.json.errors[0].field]).toEqual([422, `due.${id}.at`]);
    expect((await ines('GET', '/classes/k')).status).toBe(404);
  });
});
