import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeBundle, encodeBundle } from '../../src/templates/bundle.ts';
import { createFolderSource } from '../../src/templates/folder-source.ts';
import { createLanguage } from '../../src/templates/language.ts';
import { loadFolder } from '../../src/templates/load-folder.ts';
import type { TemplateVersion } from '../../src/templates/types.ts';
import { versionHash } from '../../src/templates/version.ts';
import { bytes, changed, fixture, fixturePath, language, parse, textOf } from './support.ts';

const platform = { generator: '1', sampleApi: 'abc' };
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'templates-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const addFixture = (name: string, as = name) => cp(fixturePath(name), join(root, as), { recursive: true });

describe('loading a folder', () => {
  it('gives every file by its path', async () => {
    const files = await fixture('customer-lifecycle');
    expect([...files.keys()]).toEqual([
      ...[
        'README.md',
        'data.sql',
        'lab.yaml',
        'schema.sql',
        'tasks/1.md',
        'tasks/2.md',
        'workspace/notes.txt',
      ],
    ]);
    expect(textOf(files, 'tasks/1.md')).toBe('Create the customer.\n');
  });

  it('refuses a link to a file, also to one inside', async () => {
    await addFixture('customer-lifecycle');
    await symlink('/etc/passwd', join(root, 'customer-lifecycle/workspace/passwd'));
    await expect(loadFolder(join(root, 'customer-lifecycle'))).rejects.toMatchObject({
      code: 'template_invalid',
      message: expect.stringContaining('"workspace/passwd" in the template\'s folder is a link'),
    });
  });

  it('refuses a link to a folder, and a folder that is a link', async () => {
    await mkdir(join(root, 'lab'));
    await symlink('/etc', join(root, 'lab/etc'));
    await expect(loadFolder(join(root, 'lab'))).rejects.toThrow(/is a link/);
    await symlink('/etc', join(root, 'linked'));
    await expect(loadFolder(join(root, 'linked'))).rejects.toMatchObject({ code: 'template_invalid' });
  });

  it('refuses what is no plain file, without waiting for it', async () => {
    await mkdir(join(root, 'lab'));
    execFileSync('mkfifo', [join(root, 'lab/pipe')]);
    await expect(loadFolder(join(root, 'lab'))).rejects.toThrow(/"pipe" .* is not a plain file/);
  });

  it('refuses more than 5 MiB', async () => {
    await mkdir(join(root, 'lab'));
    for (const name of ['a', 'b'])
      await writeFile(join(root, 'lab', name), new Uint8Array(2.6 * 1024 * 1024));
    await expect(loadFolder(join(root, 'lab'))).rejects.toThrow(/at most 5242880 are allowed/);
  });

  it('says when there is none', async () => {
    await expect(loadFolder(join(root, 'none'))).rejects.toMatchObject({ code: 'template_not_found' });
  });
});

describe('the version of a template', () => {
  it('changes with any file, its name, and the parts of the platform', async () => {
    const files = await fixture('customer-lifecycle');
    const other = (path: string, text: string) => new Map(files).set(path, bytes(text));
    const renamed = new Map(
      [...files].map(([path, content]) => [path === 'data.sql' ? 'date.sql' : path, content]),
    );
    const hashes = [
      versionHash(files, platform),
      versionHash(other('tasks/1.md', 'x'), platform),
      versionHash(other('new.txt', ''), platform),
      versionHash(renamed, platform),
      versionHash(files, { ...platform, generator: '2' }),
      versionHash(files, { ...platform, sampleApi: 'abd' }),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
  });

  it('does not depend on the order of files, nor on where one ends and the next begins', async () => {
    const files = await fixture('customer-lifecycle');
    expect(versionHash(new Map([...files].reverse()), platform)).toBe(versionHash(files, platform));
    const ab = new Map([['a', bytes('b1')]]);
    const a = new Map([['ab', bytes('1')]]);
    expect(versionHash(ab, platform)).not.toBe(versionHash(a, platform));
  });
});

describe('a bundle', () => {
  async function version(): Promise<TemplateVersion> {
    const files = await fixture('customer-lifecycle');
    const { template } = parse(files);
    if (template === null) throw new Error('the fixture does not load');
    return { hash: versionHash(files, platform), template, files };
  }

  it('brings back the same version', async () => {
    const before = await version();
    const after = decodeBundle(encodeBundle(before), language);
    expect(after.hash).toBe(before.hash);
    expect(versionHash(after.files, platform)).toBe(before.hash);
    expect(after.template).toEqual(before.template);
    expect([...after.files.keys()].sort()).toEqual([...before.files.keys()].sort());
    for (const [path, content] of before.files)
      expect(Buffer.from(after.files.get(path) ?? [])).toEqual(Buffer.from(content));
  });

  it('refuses damaged bytes', async () => {
    const encoded = encodeBundle(await version());
    for (const place of [0, 20, encoded.length - 30]) {
      const damaged = Uint8Array.from(encoded);
      damaged[place] = (damaged[place] ?? 0) ^ 0xff;
      expect(() => decodeBundle(damaged, language)).toThrow(expect.objectContaining({ code: 'internal' }));
    }
    expect(() => decodeBundle(encoded.subarray(0, 50), language)).toThrow(/damaged/);
  });

  it('says what a smaller language no longer reads', async () => {
    const smaller = createLanguage({
      observers: new Map(),
      actions: new Map(),
      variants: ['stock'],
      compileExpression: () => ({ ok: true }),
    });
    expect(() => decodeBundle(encodeBundle(version0), smaller)).toThrow(
      expect.objectContaining({ code: 'template_invalid', message: expect.stringContaining('"sql" in') }),
    );
  });
  let version0: TemplateVersion;
  beforeEach(async () => {
    version0 = await version();
  });
});

describe('templates from folders', () => {
  it('lists those that load, and reports those that do not', async () => {
    await addFixture('customer-lifecycle');
    await addFixture('twelve-mistakes');
    await symlink(join(root, 'customer-lifecycle'), join(root, 'linked'));
    const source = createFolderSource(root, language, platform);
    expect((await source.list()).map((one) => one.template.id)).toEqual(['customer-lifecycle']);
    const problems = await source.problems();
    expect(problems.map((one) => [one.id, one.problems.length])).toEqual([
      ['linked', 1],
      ['twelve-mistakes', 12],
    ]);
  });

  it('loads one by its id, and nothing by another name', async () => {
    await addFixture('customer-lifecycle');
    const source = createFolderSource(join(root, '.'), language, platform);
    const files = await fixture('customer-lifecycle');
    expect((await source.load('customer-lifecycle'))?.hash).toBe(versionHash(files, platform));
    for (const id of ['none', '..', '../..', 'customer-lifecycle/tasks', ''])
      expect(await source.load(id)).toBeNull();
  });

  it('reads a folder again when a file in it has changed, and only then', async () => {
    await addFixture('customer-lifecycle');
    const source = createFolderSource(root, language, platform);
    const first = await source.load('customer-lifecycle');
    expect(await source.load('customer-lifecycle')).toBe(first);
    const task = join(root, 'customer-lifecycle/tasks/1.md');
    await writeFile(task, 'Create a customer…\n');
    await utimes(task, new Date(), new Date(Date.now() + 5_000));
    const second = await source.load('customer-lifecycle');
    expect(second?.hash).not.toBe(first?.hash);
    expect(new TextDecoder().decode(second?.files.get('tasks/1.md'))).toBe('Create a customer…\n');
  });

  it('follows a template that breaks, is mended and goes', async () => {
    await addFixture('customer-lifecycle');
    const source = createFolderSource(root, language, platform);
    const yaml = join(root, 'customer-lifecycle/lab.yaml');
    const right = textOf(await fixture('customer-lifecycle'), 'lab.yaml');
    await source.list();
    await writeFile(
      yaml,
      textOf(await changed('customer-lifecycle', ['minutes: 30', 'minuts: 30']), 'lab.yaml'),
    );
    expect(await source.list()).toEqual([]);
    expect((await source.problems())[0]?.problems[0]?.message).toMatch(/unknown key "minuts"/);
    await writeFile(yaml, right);
    expect(await source.list()).toHaveLength(1);
    expect(await source.problems()).toEqual([]);
    await rm(join(root, 'customer-lifecycle'), { recursive: true });
    expect(await source.list()).toEqual([]);
    expect(await source.load('customer-lifecycle')).toBeNull();
  });
});
