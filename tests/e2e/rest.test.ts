/** A lab that is paused, kept by name and written down, over HTTP and the command line, on real sandboxes. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../cli/labwright.ts';
import { findOwned, processesOfSandboxes, query } from './belongings.ts';
import { type Client, HttpProblem } from './client.ts';
import { sandboxOf } from './lab-state.ts';
import { eventually, leftoversAfter, startWorld, type World } from './support.ts';
import { testTemplates } from './test-templates.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

let templates: ReturnType<typeof testTemplates>;
let world: World;
let ada: Client;
let instructor: Client;
let id: string;

beforeAll(async () => {
  templates = testTemplates('resting');
  world = await startWorld({ templatesDir: templates.folder, spares: '0', snapshotsPerLab: '2' });
  instructor = world.instructor;
  ada = await world.trainee('ada');
  id = (await ada.create({ template: 'resting' })).id;
  await ada.untilReady(id, 60_000);
});
afterAll(async () => {
  await world?.stop();
  templates?.remove();
});

const post = <T = unknown>(path: string, body: object = {}) =>
  ada.call<T>('POST', `/labs/${id}${path}`, body);
async function inDatabase<Row extends object>(text: string): Promise<readonly Row[]> {
  const { components } = await ada.access(id);
  return query<Row>(String(components.database?.facts.url), text);
}
const chores = async () =>
  (await inDatabase<{ name: string }>('select name from chores order by name')).map((r) => r.name);
async function notesPath(): Promise<string> {
  const { components } = await ada.access(id);
  return join(String(components.workspace?.facts.path), 'notes.txt');
}
async function events(): Promise<readonly { type: string; data: Record<string, unknown> }[]> {
  return query(
    world.installation.controlUrl,
    'select type, data from lab_events where lab_id = $1 order by seq',
    [id],
  );
}
const codeOf = async (work: Promise<unknown>) => {
  try {
    await work;
    return 'done';
  } catch (problem) {
    if (!(problem instanceof HttpProblem)) throw problem;
    return problem.code;
  }
};

describe('a pause', () => {
  it('stops what the lab runs, and says so', async () => {
    await inDatabase("insert into chores values ('done')");
    writeFileSync(await notesPath(), 'mine\n');
    const paused = await post<{ status: string }>('/pause');
    expect(paused.status).toBe('paused');
    await ada.until(id, ({ components }) => components.every(({ status }) => status === 'paused'));
    expect((await ada.lab(id)).message).toBe('paused');
    expect(processesOfSandboxes(world.installation.id)).toEqual([]);
    // Asking again is no error.
    expect(await codeOf(post('/pause'))).toBe('done');
  });

  it('refuses what needs a lab that runs, and says what to do', async () => {
    const problem = await ada.access(id).catch((thrown: unknown) => thrown);
    expect(problem).toMatchObject({ status: 409, code: 'lab_not_ready' });
    expect(String(problem)).toContain('resume it first');
    for (const path of ['/attempts', '/reset', '/snapshots']) {
      const body = path === '/snapshots' ? { name: 'one' } : {};
      expect(await codeOf(post(path, body)), path).toBe('lab_not_ready');
    }
    expect(await codeOf(ada.call('POST', `/labs/${id}/extend`, { minutes: 1 }))).toBe('done');
    expect((await ada.lab(id)).status).toBe('paused');
  });

  it('is not repaired, and lets faults wait', async () => {
    const { readyAt } = await ada.lab(id);
    const rang = new Date(readyAt ?? '').getTime() + 9_000;
    await delay(Math.max(0, rang - Date.now()) + 1_500);
    expect(processesOfSandboxes(world.installation.id)).toEqual([]);
    expect((await events()).map(({ type }) => type)).not.toContain('fault.fired');
  });

  it('is over when it is resumed: all is as it was, and no check has seen it', async () => {
    expect((await post<{ status: string }>('/resume')).status).toBe('resuming');
    const { readyAt } = await ada.lab(id);
    const ready = await ada.untilReady(id, 60_000);
    expect(ready.readyAt).toBe(readyAt);
    expect(await chores()).toEqual(['done']);
    expect(readFileSync(await notesPath(), 'utf8')).toBe('mine\n');
    await eventually(
      async () => (await events()).some(({ type }) => type === 'fault.done'),
      () => 'the fault that waited never came',
      60_000,
    );
    const { results } = await ada.grade(id);
    expect(results.map(({ check, verdict }) => [check, verdict])).toEqual([
      ['done', 'pass'],
      ['up', expect.not.stringMatching('fail')],
    ]);
    const told = (await events()).map(({ type }) => type);
    expect(told.filter((type) => type === 'lab.paused')).toHaveLength(1);
    expect(told.filter((type) => type === 'lab.resumed')).toHaveLength(1);
    expect(told).not.toContain('component.broken');
  });

  it('comes by itself where nobody uses the lab, and ends when somebody does', async () => {
    const { controlUrl } = world.installation;
    await query(
      controlUrl,
      "update labs set active_at = clock_timestamp() - interval '1 hour', phase = 'paused', paused_because = 'idle', version = version + 1, due_at = clock_timestamp() where id = $1",
      [id],
    );
    await ada.until(id, ({ components }) => components.every(({ status }) => status === 'paused'));
    // Looking at it is no use of it.
    expect((await ada.lab(id)).message).toBe('paused, for nobody used it');
    expect(await codeOf(ada.access(id))).toBe('lab_not_ready');
    await ada.untilReady(id, 60_000);
    expect(await chores()).toEqual(['done']);
  });
});

describe('a snapshot', () => {
  const list = async () =>
    (
      await ada.call<{ items: { name: string; state: string; note: string | null }[] }>(
        'GET',
        `/labs/${id}/snapshots`,
      )
    ).items;
  async function take(name: string): Promise<void> {
    await post('/snapshots', { name, note: `it is ${name}` });
    await eventually(
      async () => (await list()).some((one) => one.name === name && one.state === 'kept'),
      () => `${name} was never kept`,
      60_000,
    );
  }
  const restore = async (body: object) => {
    await post('/restore', body);
    await ada.untilReady(id, 60_000);
  };

  it('keeps databases and files, and costs no process', async () => {
    const before = processesOfSandboxes(world.installation.id).length;
    await take('one');
    expect(await list()).toMatchObject([{ name: 'one', note: 'it is one', state: 'kept' }]);
    expect(processesOfSandboxes(world.installation.id)).toHaveLength(before);
    expect((await findOwned(world.installation, 'snapshot:')).length).toBeGreaterThan(0);
    expect(await codeOf(post('/snapshots', { name: 'one' }))).toBe('conflict');
    expect(await codeOf(post('/snapshots', { name: 'One!' }))).toBe('validation_failed');
  });

  it('is gone back to, as often as one likes; what was done since is lost, the score is not', async () => {
    for (const round of ['first', 'second']) {
      await inDatabase("delete from chores; insert into chores values ('other')");
      writeFileSync(await notesPath(), `${round}\n`);
      await restore({ snapshot: 'one' });
      expect(await chores()).toEqual(['done']);
      expect(readFileSync(await notesPath(), 'utf8')).toBe('mine\n');
    }
    const progress = await ada.call<{ points: number }>('GET', `/labs/${id}/progress`);
    expect(progress.points).toBeGreaterThanOrEqual(10);
    const told = (await events()).filter(({ type }) => type === 'lab.restored');
    expect(told).toHaveLength(2);
    expect(told[0]?.data).toMatchObject({ snapshot: 'one', keepScore: true, by: 'ada' });
  });

  it('brings a paused lab back, and forgets the score where that is asked for', async () => {
    await post('/pause');
    await ada.until(id, ({ components }) => components.every(({ status }) => status === 'paused'));
    await restore({ snapshot: 'one', keepScore: false });
    expect(await chores()).toEqual(['done']);
    const passed = 'select check_id from check_progress where lab_id = $1';
    expect(await query(world.installation.controlUrl, passed, [id])).toEqual([]);
    expect((await list()).map(({ name }) => name)).toEqual(['one']);
  });

  it('is limited in number, by its people, and outlives a reset', async () => {
    await take('two');
    expect(await codeOf(post('/snapshots', { name: 'three' }))).toBe('snapshots_used_up');
    await ada.reset(id);
    await ada.untilReady(id, 60_000);
    expect(await chores()).toEqual([]);
    await restore({ snapshot: 'two' });
    expect(await chores()).toEqual(['done']);
    const bob = await world.trainee('bob');
    expect(await codeOf(bob.call('GET', `/labs/${id}/snapshots`))).toBe('lab_not_found');
    expect(await codeOf(post('/restore', { snapshot: 'none' }))).toBe('snapshot_not_found');
  });

  it('is not deleted while the lab is made from it, and leaves nothing afterwards', async () => {
    await post('/restore', { snapshot: 'two' });
    const during = await deleted('two');
    expect(['conflict', 'done']).toContain(during);
    await ada.untilReady(id, 60_000);
    expect(await chores()).toEqual(['done']);
    if (during === 'conflict') expect(await deleted('two')).toBe('done');
    expect(await deleted('two')).toBe('snapshot_not_found');
    expect(await deleted('one')).toBe('done');
    expect(await list()).toEqual([]);
    await eventually(
      async () => (await findOwned(world.installation, 'snapshot:')).length === 0,
      () => 'something of a snapshot is left',
      30_000,
    );
  });

  async function deleted(name: string): Promise<string> {
    const response = await fetch(`${world.url}/api/v1/labs/${id}/snapshots/${name}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${await token()}` },
    });
    return response.status === 204 ? 'done' : ((await response.json()) as { code: string }).code;
  }
});

let tokens: Promise<string> | null = null;
function token(): Promise<string> {
  tokens ??= instructor
    .call<{ token: string }>('POST', '/tokens', { subject: 'ada' })
    .then((made) => made.token);
  return tokens;
}

describe('an export', () => {
  interface Manifest {
    readonly lab: string;
    readonly files: readonly { readonly path: string; readonly sha256: string }[];
    readonly leftOut: readonly unknown[];
  }
  async function unpacked(bytes: Buffer): Promise<Map<string, Buffer>> {
    const files = new Map<string, Buffer>();
    const tar = Readable.from([bytes]).pipe(createGunzip()).pipe(extract());
    for await (const entry of tar) files.set(entry.header.name, await buffer(entry));
    return files;
  }
  async function fetched(as: string): Promise<Response> {
    return fetch(`${world.url}/api/v1/labs/${id}/export`, { headers: { authorization: `Bearer ${as}` } });
  }

  it('is written when it is asked for, and there is none before', async () => {
    const none = await fetched(await token());
    expect([none.status, (await none.json()) as { code: string }]).toMatchObject([
      404,
      { code: 'export_not_found' },
    ]);
    await inDatabase(`insert into chores values (null), (''), ('a "quoted", text')`);
    await ada.answer(id, 'why', 'because');
    await post('/export');
    await eventually(
      async () => (await events()).some(({ type }) => type === 'lab.exported'),
      () => 'it was never written',
      60_000,
    );
    const found = await fetched(await token());
    expect(found.headers.get('content-type')).toBe('application/gzip');
    const files = await unpacked(Buffer.from(await found.arrayBuffer()));
    expect([...files.keys()].sort()).toEqual([
      'answers.json',
      'attempts.json',
      'database/database/public.chores.csv',
      'database/database/public.fired.csv',
      'database/database/tables.json',
      'files/workspace/notes.txt',
      'manifest.json',
    ]);
    const csv = files.get('database/database/public.chores.csv')?.toString();
    expect(csv).toBe('name\r\ndone\r\n\r\n""\r\n"a ""quoted"", text"\r\n');
    expect(JSON.parse(String(files.get('answers.json')))).toEqual({ why: 'because' });
    expect(JSON.parse(String(files.get('attempts.json')))).toHaveLength(1);
    expect(files.get('files/workspace/notes.txt')?.toString()).toBe('mine\n');
    const manifest: Manifest = JSON.parse(String(files.get('manifest.json')));
    expect(manifest).toMatchObject({ lab: id, leftOut: [] });
    for (const { path, sha256 } of manifest.files) {
      expect(
        createHash('sha256')
          .update(files.get(path) ?? '')
          .digest('hex'),
        path,
      ).toBe(sha256);
    }
    expect(manifest.files).toHaveLength(files.size - 1);
  });

  it('is for its owner and instructors', async () => {
    const bob = await instructor.call<{ token: string }>('POST', '/tokens', { subject: 'bob' });
    expect((await fetched(bob.token)).status).toBe(404);
  });

  it('is written before a paused lab goes that ends, and is fetched after that', async () => {
    await inDatabase("insert into chores values ('last')");
    await post('/pause');
    await ada.remove(id);
    await ada.untilEnded(id, 60_000);
    const told = (await events()).map(({ type }) => type);
    expect(told.lastIndexOf('lab.exported')).toBeGreaterThan(told.indexOf('lab.terminating'));
    const folder = mkdtempSync(join(tmpdir(), 'labwright-export-'));
    const file = join(folder, 'mine.tar.gz');
    const server = ['--url', world.url, '--token', await token()];
    const { code, stderr } = await run(['lab', 'export', id, '-o', file, ...server]);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const files = await unpacked(readFileSync(file));
    expect(files.get('database/database/public.chores.csv')?.toString()).toContain('last\r\n');
    rmSync(folder, { recursive: true });
    expect(await leftoversAfter(world.installation)).toEqual([]);
  });

  it('that cannot be written keeps no lab for ever, and says so', async () => {
    const other = (await ada.create({ template: 'resting' })).id;
    await ada.untilReady(other, 60_000);
    const sandbox = await sandboxOf(world.installation, other);
    const folder = join(world.installation.dataDir, 'exports');
    const writable = readdirSync(folder);
    expect(writable.length).toBeGreaterThan(0);
    rmSync(folder, { recursive: true });
    // A file where the folder is to be.
    writeFileSync(folder, '');
    await ada.remove(other);
    const ended = await instructor.untilEnded(other, 60_000);
    expect(ended.endDetail).toContain('export could not be written');
    rmSync(folder);
    expect(existsSync(join(world.installation.dataDir, 'sandboxes', sandbox))).toBe(false);
    expect(await leftoversAfter(world.installation)).toEqual([]);
  });

  it('is not written of a lab that was never ready', async () => {
    const early = (await ada.create({ template: 'resting' })).id;
    await ada.remove(early);
    await ada.untilEnded(early, 60_000);
    const told = await query<{ type: string }>(
      world.installation.controlUrl,
      'select type from lab_events where lab_id = $1',
      [early],
    );
    expect(told.map(({ type }) => type)).not.toContain('lab.exported');
  });
});
