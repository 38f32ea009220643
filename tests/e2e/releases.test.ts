/** A template from its folder to trainees and back, by the commands that people use, on real sandboxes. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { ClassWire } from '../../src/cli/class/class-wire.ts';
import { mintToken } from '../../src/http/token.ts';
import { createTokenStore } from '../../src/store/token-store.ts';
import { run } from '../cli/labwright.ts';
import { query } from './belongings.ts';
import type { LabWire } from './client.ts';
import { eventually, startWorld, type World } from './support.ts';
import { testTemplates } from './test-templates.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let templates: ReturnType<typeof testTemplates>;
let world: World;
let token: string;

beforeAll(async () => {
  templates = testTemplates('chores');
  edit((text) => text.replace('every: 0s }', 'every: 0s }, attempts: 2'));
  world = await startWorld({ templatesDir: templates.folder, spares: '1', labsPerTrainee: '20' });
  token = await instructorToken();
});
afterAll(async () => {
  await world?.stop();
  templates?.remove();
});

/** Of an instructor, recorded as `labwright token create` does without a server. */
async function instructorToken(): Promise<string> {
  const { id, plain, hash } = mintToken(randomBytes);
  const pool = new pg.Pool({ connectionString: world.installation.controlUrl });
  const ines = { role: 'instructor', subject: 'ines', name: 'ines' } as const;
  await createTokenStore(pool).create({ id, hash, ...ines, ttlSeconds: null });
  await pool.end();
  return plain;
}

function edit(change: (text: string) => string): void {
  const file = join(templates.folder, 'chores', 'lab.yaml');
  const before = readFileSync(file, 'utf8');
  const after = change(before);
  if (after === before) throw new Error('nothing was edited');
  writeFileSync(file, after);
}

/** What a command of an instructor prints; throws what it says where it fails. */
async function labwright(...args: readonly string[]): Promise<string> {
  const env = { LABWRIGHT_URL: world.url, LABWRIGHT_TOKEN: token };
  const { code, stdout, stderr } = await run([...args, '--no-color'], env);
  if (code !== 0) throw new Error(`${args.join(' ')}: ${code} ${stderr}`);
  return stdout;
}
async function hashes(): Promise<readonly string[]> {
  const { items } = JSON.parse(await labwright('template', 'versions', 'chores', '--json'));
  return items.map((one: { stage: string; hash: string }) => `${one.stage} ${one.hash.slice(0, 12)}`);
}
async function create(...args: readonly string[]): Promise<LabWire> {
  return JSON.parse(await labwright('lab', 'create', 'chores', '--no-wait', '--json', ...args));
}

it('is staged, tried, released and taken back by one command each', async () => {
  await labwright('template', 'stage', 'chores', '--note', 'the first');
  await labwright('template', 'release', 'chores');
  const [released = ''] = await hashes();
  const first = released.slice('released '.length);

  edit((text) => text.replace('title: Chores that are counted', 'title: Chores, corrected'));
  expect((await create()).templateHash.slice(0, 12)).toBe(first);
  const staged = await labwright('template', 'stage', 'chores');
  expect(staged).toContain('is staged');
  const second = (await create('--version', 'staged')).templateHash.slice(0, 12);
  expect(second).not.toBe(first);
  expect((await create()).templateHash.slice(0, 12)).toBe(first);

  expect(await labwright('template', 'release', 'chores', '--version', second.slice(0, 8))).toContain(second);
  const pinned = await labwright('class', 'put', 'db-1', '--title', 'DB 1', '--pin', `chores=${first}`);
  expect(pinned).toContain(first);
  expect((await create('--class', 'db-1')).templateHash.slice(0, 12)).toBe(first);
  const trainee = await world.trainee('ada');
  const { id } = await trainee.create({ template: 'chores' });
  expect((await trainee.call<LabWire>('GET', `/labs/${id}`)).templateHash.slice(0, 12)).toBe(second);
  await trainee.untilReady(id);

  const back = await labwright('template', 'rollback', 'chores', '--note', 'it counts wrongly');
  expect(back).toContain(`Trainees get ${first} of chores; it was ${second}.`);
  expect(await hashes()).toEqual(expect.arrayContaining([`withdrawn ${second}`, `released ${first}`]));
  const bob = await world.trainee('bob');
  const next = await bob.create({ template: 'chores' });
  expect((await bob.call<LabWire>('GET', `/labs/${next.id}`)).templateHash.slice(0, 12)).toBe(first);
  await bob.untilReady(next.id);
  // The lab that was there lives on, on its version.
  expect(await trainee.call<LabWire>('GET', `/labs/${id}`)).toMatchObject({ status: 'ready' });

  await expect(labwright('template', 'rollback', 'chores')).rejects.toThrow('no earlier release');
  await expect(labwright('template', 'release', 'chores')).rejects.toThrow(second);
});

it('keeps spares of what people would get, and of nothing else', async () => {
  const spares = async () =>
    (
      await query<{ hash: string }>(
        world.installation.controlUrl,
        `select distinct left(template_hash, 12) as hash from sandboxes
         where lab_id is null and owner is null and state in ('building', 'up')`,
      )
    ).map(({ hash }) => hash);
  const released = (await hashes()).find((one) => one.startsWith('released '))?.slice('released '.length);
  let found: readonly string[] = [];
  await eventually(
    async () => {
      found = await spares();
      return found.length === 1 && found[0] === released;
    },
    () => `spares of ${found}, not of ${released}`,
    90_000,
  );
});

it('says how many attempts are left, and what a hint costs before it is taken', async () => {
  const { id } = await create();
  await world.instructor.untilReady(id);
  // An instructor is held by no limit, and nothing has passed yet.
  await expect(labwright('lab', 'grade', id)).rejects.toThrow();
  expect(await labwright('lab', 'hint', id, 'count')).toContain('costs 2 points, and was not taken');
  expect(await labwright('lab', 'hint', id, 'count', '--yes')).toContain('Count.');
  const progress = await labwright('lab', 'progress', id);
  expect(progress).toContain('2 taken off');
  expect(progress).toContain('2 of 2 attempts left.');
});

it('lists classes, and changes only what is named of one', async () => {
  await labwright('class', 'put', 'db-1', '--due', 'chores=2030-01-01T12:00:00Z', '--late', 'chores=refuse');
  const read = () => world.instructor.call<ClassWire>('GET', '/classes/db-1');
  const shown = await read();
  expect(shown).toMatchObject({ title: 'DB 1', due: { chores: { late: 'refuse' } } });
  expect(Object.keys(shown.pins)).toEqual(['chores']);
  expect(await labwright('class', 'list')).toContain('db-1');
  const labs = JSON.parse(await labwright('lab', 'list', '--class', 'db-1', '--all', '--json'));
  expect(labs.items).toHaveLength(1);
  await expect(labwright('class', 'put', 'db-1', '--pin', 'chores')).rejects.toThrow('--pin: found "chores"');
  await labwright('class', 'put', 'db-1', '--pin', 'chores=none', '--due', 'chores=none');
  expect(await read()).toMatchObject({ pins: {}, due: {} });
  await labwright('class', 'delete', 'db-1');
  await expect(labwright('class', 'show', 'db-1')).rejects.toThrow('there is no class');
});
