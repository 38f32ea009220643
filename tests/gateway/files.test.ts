import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createNotes } from '../../src/gateway/notes.ts';
import { type FilesRequest, largestAnswer, mostChannels } from '../../src/gateway/protocol.ts';
import { createServeFiles } from '../../src/gateway/serve-files.ts';
import { createWorkspaces } from '../../src/gateway/workspaces.ts';
import { createGatewayFiles } from '../../src/sandbox/containers/gateway-files.ts';
import type { GatewayFiles } from '../../src/sandbox/containers/types.ts';
import { type Linked, linked } from './linked.ts';

const anHour = new AbortController().signal;
const first = { component: 'work', generation: 1 };
const second = { component: 'work', generation: 2 };
const all = { glob: '**', maxFiles: 100, maxBytesEach: 1_000_000 };
const bytes = (text: string) => new TextEncoder().encode(text);
const contents = (files: Record<string, string>) => ({
  contents: new Map(Object.entries(files).map(([path, text]) => [path, bytes(text)])),
});

describe('files through the gateway', () => {
  let root = '';
  let links: Linked[] = [];
  let files: GatewayFiles;
  const at = (...parts: string[]) => join(root, 'workspaces/work', ...parts);

  /** Another agent on the same folders. */
  function agent(): { readonly files: GatewayFiles; readonly link: Linked } {
    const notes = createNotes(join(root, 'notes'));
    const folders = { volumes: join(root, 'workspaces'), origins: join(root, 'origins') };
    const workspaces = createWorkspaces({ ...folders, copies: join(root, 'notes') }, notes);
    const link = linked({ serve: createServeFiles(workspaces, notes) });
    links.push(link);
    return { files: createGatewayFiles(link.session), link };
  }

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'labwright-gateway-'));
    for (const path of ['workspaces/work', 'notes', 'origins/work'])
      mkdirSync(join(root, path), { recursive: true });
    files = agent().files;
  });
  afterEach(() => {
    for (const { session } of links) session.close();
    links = [];
    rmSync(root, { recursive: true, force: true });
  });

  const texts = async (workspace = first) =>
    Object.fromEntries(
      (await files.find(workspace, all, anHour)).map(({ path, content }) => [
        path,
        Buffer.from(content ?? []).toString(),
      ]),
    );

  it('answers without end, however often it is asked', async () => {
    const asked = async (times: number, ask: () => Promise<unknown>) => {
      for (let n = 0; n < times; n += 1) await ask();
    };
    const many = mostChannels + 10;
    await asked(many, () => files.generation('work', anHour));
    await asked(many, () => files.fill(first, contents({ 'a.txt': 'a' }), anHour));
    await asked(many, () => files.find(first, all, anHour));
    await asked(many, () => files.write(first, 'b.txt', bytes('b'), anHour));
    await asked(many, () => files.isFolder(first, 'a.txt', anHour));
    await asked(many, () => files.scan(first, '.', ['**'], anHour));
    await asked(many, () => files.note('work', 'note', anHour));
    await asked(many, () => files.noted('work', anHour));
    await asked(many, () =>
      files.isFolder({ component: 'none', generation: 1 }, 'a', anHour).catch(() => {}),
    );
  });

  it('fills a workspace, reads it and writes to it', async () => {
    expect(await files.generation('work', anHour)).toBe(null);
    await files.fill(first, contents({ 'a.txt': 'A', 'deep/er/run.sh': '#!/bin/sh\n' }), anHour);
    expect(await files.generation('work', anHour)).toBe(1);
    await files.write(first, 'new/b.txt', bytes('B'), anHour);
    expect(await texts()).toEqual({ 'a.txt': 'A', 'deep/er/run.sh': '#!/bin/sh\n', 'new/b.txt': 'B' });
    const [found] = await files.find(first, { ...all, glob: 'a.txt' }, anHour);
    expect(found).toMatchObject({ path: 'a.txt', bytes: 1 });
    expect(Math.abs(Date.now() - (found?.modifiedAt.getTime() ?? 0))).toBeLessThan(60_000);
    expect(await files.isFolder(first, 'deep/er', anHour)).toBe(true);
    expect(await files.isFolder(first, 'a.txt', anHour)).toBe(false);
    // What is over the bounds is named and not read.
    const [named] = await files.find(first, { ...all, glob: 'deep/**', maxBytesEach: 3 }, anHour);
    expect(named).toMatchObject({ path: 'deep/er/run.sh', bytes: 10, content: null });
  });

  it('replaces a generation with all that was put beside it, and never goes back', async () => {
    await files.fill(first, contents({ 'a.txt': 'A' }), anHour);
    writeFileSync(at('planted'), 'x');
    mkdirSync(at('2'));
    writeFileSync(at('2/planted'), 'x');
    await files.fill(second, contents({ 'b.txt': 'B' }), anHour);
    expect(readdirSync(at())).toEqual(['2']);
    expect(await texts(second)).toEqual({ 'b.txt': 'B' });
    await files.fill(first, contents({ 'a.txt': 'A' }), anHour);
    expect(await files.generation('work', anHour)).toBe(2);
    expect(readdirSync(at())).toEqual(['2']);
  });

  it('packs a workspace for another gateway, with what a copy of it would have', async () => {
    const other = { component: 'other', generation: 1 };
    mkdirSync(join(root, 'workspaces/other'));
    await files.fill(first, contents({ 'a.txt': 'A', 'deep/er/run.sh': '#!/bin/sh\n' }), anHour);
    chmodSync(at('1/deep/er/run.sh'), 0o750);
    symlinkSync('a.txt', at('1/inside'));
    symlinkSync('/etc/passwd', at('1/outside'));
    const { session } = agent().link;
    const ask = (request: FilesRequest, body: Readable | null) =>
      session.channel({ kind: 'files', request }, body, anHour);
    const packed = await ask({ do: 'pack', workspace: first }, null);
    const unpacked = await ask({ do: 'unpack', workspace: other }, packed);
    await buffer(unpacked);
    expect(await files.generation('other', anHour)).toBe(1);
    expect(await texts(other)).toEqual({ 'a.txt': 'A', 'deep/er/run.sh': '#!/bin/sh\n' });
    const there = join(root, 'workspaces/other/1');
    expect(readdirSync(there).sort()).toEqual(['a.txt', 'deep', 'inside']);
    expect(statSync(join(there, 'deep/er/run.sh')).mode & 0o777).toBe(0o750);
    // Nothing of the copy is left where it was made.
    const copies = () => readdirSync(join(root, 'notes')).filter((name) => name.startsWith('copy'));
    await expect.poll(copies).toEqual([]);
    await expect(
      ask({ do: 'pack', workspace: { component: 'work', generation: 9 } }, null).then(buffer),
    ).rejects.toThrow();
  });

  it('makes nothing of an archive that breaks off', async () => {
    const { session } = agent().link;
    const broken = Readable.from(
      (async function* () {
        yield Buffer.alloc(512);
        throw new Error('broken off');
      })(),
    );
    const unpacking = session.channel(
      { kind: 'files', request: { do: 'unpack', workspace: first } },
      broken,
      anHour,
    );
    await expect(unpacking).rejects.toMatchObject({ code: 'backend_unavailable' });
    expect(await files.generation('work', anHour)).toBe(null);
  });

  it('is not told otherwise by folders of the trainee', async () => {
    await files.fill(first, contents({ 'a.txt': 'A' }), anHour);
    mkdirSync(at('99'));
    expect(await files.generation('work', anHour)).toBe(1);
  });

  it('never enters a link, not even in place of the workspace', async () => {
    const outside = join(root, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'secret.txt'), 'S');
    await files.fill(first, contents({ 'a.txt': 'A' }), anHour);
    symlinkSync(outside, at('1/link'));
    expect(await texts()).toEqual({ 'a.txt': 'A' });
    await expect(files.write(first, 'link/x', bytes('x'), anHour)).rejects.toMatchObject({
      code: 'bad_request',
    });
    await expect(files.write(first, '../../x', bytes('x'), anHour)).rejects.toMatchObject({
      code: 'bad_request',
    });
    expect((await files.scan(first, 'link', ['**'], anHour)).hashes.size).toBe(0);

    rmSync(at('1'), { recursive: true });
    symlinkSync(outside, at('1'));
    expect(await texts()).toEqual({});
    expect(await files.isFolder(first, 'x', anHour)).toBe(false);
    // A whole one whose folder is gone is an empty one, as where it can only be emptied.
    await files.write(first, 'x', bytes('x'), anHour);
    expect(await files.generation('work', anHour)).toBe(1);
    expect(await texts()).toEqual({ x: 'x' });
    expect(readdirSync(outside)).toEqual(['secret.txt']);

    // Removing a generation stops at links, too.
    symlinkSync(outside, at('1/again'));
    symlinkSync(outside, at('2'));
    symlinkSync(outside, at('.building'));
    await files.fill(second, contents({}), anHour);
    expect(readdirSync(outside)).toEqual(['secret.txt']);
    expect(readdirSync(at())).toEqual(['2']);
  });

  it('is filled whole or not at all', async () => {
    await files.fill(first, contents({ 'a.txt': 'A' }), anHour);
    await expect(files.fill(second, contents({ ok: 'x', '../out': 'x' }), anHour)).rejects.toMatchObject({
      code: 'bad_request',
    });
    expect(await files.generation('work', anHour)).toBe(1);
    expect(await texts()).toEqual({ 'a.txt': 'A' });
    // What a maker that was killed has left does no harm.
    writeFileSync(at('.building', 'half'), 'x');
    await files.fill(second, contents({ ok: 'x' }), anHour);
    expect(await texts(second)).toEqual({ ok: 'x' });
  });

  it('copies from an origin', async () => {
    const origin = join(root, 'origins/work/3');
    mkdirSync(join(origin, 'sub'), { recursive: true });
    writeFileSync(join(origin, 'sub/a.txt'), 'A');
    symlinkSync('/etc/passwd', join(origin, 'out'));
    await files.fill(first, { origin: { component: 'work', generation: 3 } }, anHour);
    expect(await texts()).toEqual({ 'sub/a.txt': 'A' });
    expect(existsSync(at('1/out'))).toBe(false);
    await expect(
      files.fill(second, { origin: { component: 'work', generation: 9 } }, anHour),
    ).rejects.toMatchObject({ code: 'start_failed' });
  });

  it('is filled once by two at a time', async () => {
    const other = agent().files;
    const many = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [`f/${index}`, 'x'.repeat(1_000)]),
    );
    await Promise.all([files.fill(first, contents(many), anHour), other.fill(first, contents(many), anHour)]);
    expect(Object.keys(await texts()).length).toBe(100);
    expect(readdirSync(at('1/f')).length).toBe(200);
    expect(readdirSync(at())).toEqual(['1']);
  });

  it('tells changes until it is closed, also after its agent was lost', async () => {
    await files.fill(first, contents({ 'src/main.ts': 'one' }), anHour);
    const { files: mine, link } = agent();
    const changed = vi.fn();
    const watch = mine.watch(first, 'src', changed);
    await vi.waitFor(() => expect(changed).toHaveBeenCalled(), { timeout: 10_000 });
    const hears = async (change: () => void) => {
      // Come to rest first.
      await new Promise((resolve) => setTimeout(resolve, 500));
      const before = changed.mock.calls.length;
      change();
      await vi.waitFor(() => expect(changed.mock.calls.length).toBeGreaterThan(before), { timeout: 20_000 });
    };
    await hears(() => writeFileSync(at('1/src/main.ts'), 'two'));
    await hears(() => mkdirSync(at('1/src/lib')));
    await hears(() => writeFileSync(at('1/src/lib/more.ts'), 'x'));
    await hears(() => link.cut());
    await hears(() => writeFileSync(at('1/src/main.ts'), 'three'));
    watch.close();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const after = changed.mock.calls.length;
    writeFileSync(at('1/src/main.ts'), 'four');
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(changed.mock.calls.length).toBe(after);
  });

  it('scans sources, and keeps notes that another agent finds', async () => {
    await files.fill(first, contents({ 'api/main.ts': 'one', 'api/data.json': '{}', 'x.ts': 'x' }), anHour);
    const before = await files.scan(first, 'api', [], anHour);
    expect([...before.hashes.keys()]).toEqual(['main.ts']);
    writeFileSync(at('1/api/data.json'), '[]');
    expect((await files.scan(first, 'api', [], anHour)).fingerprint).toBe(before.fingerprint);
    writeFileSync(at('1/api/main.ts'), 'two');
    expect((await files.scan(first, 'api', [], anHour)).fingerprint).not.toBe(before.fingerprint);
    expect(await files.noted('api', anHour)).toBe(null);
    await files.note('api', before.fingerprint, anHour);
    expect(await agent().files.noted('api', anHour)).toBe(before.fingerprint);
  });

  it('reads no more at once than a gateway has room for', async () => {
    await files.fill(first, contents({}), anHour);
    const large = Buffer.alloc(10 * 1024 * 1024);
    for (let index = 0; index < 8; index += 1) writeFileSync(at('1', `f${index}`), large);
    const found = await files.find(first, { glob: '*', maxFiles: 8, maxBytesEach: large.byteLength }, anHour);
    expect(found.length).toBe(8);
    const read = found.reduce((sum, { content }) => sum + (content?.byteLength ?? 0), 0);
    expect(read).toBeLessThan(largestAnswer + 2 * large.byteLength);
    expect(found.every(({ bytes }) => bytes === large.byteLength)).toBe(true);
  });

  it('stops when nobody waits any more', async () => {
    const hurry = new AbortController();
    const filling = files.fill(first, contents({ a: 'x' }), hurry.signal);
    hurry.abort(new Error('enough'));
    await expect(filling).rejects.toThrow();
    await files.fill(first, contents({ b: 'x' }), anHour);
    expect(readFileSync(at('1', existsSync(at('1/b')) ? 'b' : 'a'), 'utf8')).toBe('x');
  });
});
