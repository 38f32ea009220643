import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Observation, Value } from '../../src/grading/types.ts';
import { fileObserver } from '../../src/observers/file.ts';
import { lookContext, testHandle } from '../support/handle.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwright-files-'));
  mkdirSync(join(folder, 'backups'));
  for (const [name, content, age] of [
    ['db-1.dump', 'PGDMP old', 300],
    ['db-2.dump', 'PGDMP new', 200],
    ['db-3.dump', 'plain text', 100],
  ] as const) {
    const path = join(folder, 'backups', name);
    writeFileSync(path, content);
    utimesSync(path, 1_700_000_000 - age, 1_700_000_000 - age);
  }
  writeFileSync(join(folder, 'notes.md'), 'one\r\ntwo\n');
  writeFileSync(
    join(folder, 'state.yaml'),
    'items:\n  - kind: Service\n  - kind: Secret\nsame: &x [1]\nagain: *x\n',
  );
  writeFileSync(join(folder, 'big.txt'), 'x'.repeat(2_000));
});
afterAll(() => rmSync(folder, { recursive: true }));

function ask(spec: object): Promise<Observation> {
  const context = lookContext(testHandle({ workspace: { kind: 'shell', path: folder } }));
  const asked = fileObserver.spec.parse({ component: 'workspace', ...spec });
  return fileObserver.observe(asked, context, AbortSignal.timeout(10_000));
}

async function value(spec: object): Promise<Value> {
  const seen = await ask(spec);
  if (seen.outcome !== 'seen') throw new Error(`${seen.problem}: ${seen.internal}`);
  return seen.value;
}

describe('one file', () => {
  it('is text, lines, json or yaml', async () => {
    expect(await value({ path: 'notes.md' })).toMatchObject({ exists: true, text: 'one\r\ntwo\n' });
    expect(await value({ path: 'notes.md', parse: 'lines' })).toMatchObject({ lines: ['one', 'two'] });
    expect(await value({ path: 'state.yaml', parse: 'yaml' })).toMatchObject({
      yaml: { items: [{ kind: 'Service' }, { kind: 'Secret' }], same: [1], again: [1] },
      files: [{ path: 'state.yaml', yaml: { again: [1] } }],
    });
  });

  it('is empty where there is none, so that a check can ask for both', async () => {
    expect(await value({ path: 'none' })).toEqual({ exists: false, files: [], text: '' });
    expect(await value({ path: 'none', parse: 'json' })).toEqual({ exists: false, files: [], json: null });
    expect(await value({ path: 'none', head: 5 })).toEqual({ exists: false, files: [], head: '' });
  });

  it('is refused over its cap, not cut', async () => {
    expect(await ask({ path: 'big.txt', max: 1_999 })).toMatchObject({ problem: 'oversized' });
    expect(await ask({ path: 'big.txt', max: 2_000 })).toMatchObject({ outcome: 'seen' });
  });

  it('is read at its beginning alone, however large it is', async () => {
    const seen = await value({ path: 'big.txt', head: 3, max: 10 });
    expect(seen).toMatchObject({ exists: true, head: 'xxx', files: [{ bytes: 2_000, head: 'xxx' }] });
  });

  it('is rejected with its name when it does not parse', async () => {
    expect(await ask({ path: 'notes.md', parse: 'json' })).toMatchObject({
      problem: 'rejected',
      reason: 'notes.md is not valid JSON.',
    });
  });
});

describe('a glob', () => {
  it('finds the newest first, and only so many', async () => {
    expect(await value({ glob: 'backups/*.dump', newest: 2, head: 5 })).toEqual({
      exists: true,
      files: [
        { path: 'backups/db-3.dump', bytes: 10, modified: new Date(1_699_999_900_000), head: 'plain' },
        { path: 'backups/db-2.dump', bytes: 9, modified: new Date(1_699_999_800_000), head: 'PGDMP' },
      ],
    });
  });

  it('only finds unless it is told to read', async () => {
    const { files } = (await value({ glob: '*.txt' })) as { files: Record<string, Value>[] };
    expect(files.map((file) => Object.keys(file))).toEqual([['path', 'bytes', 'modified']]);
  });
});

it.each([
  {},
  { path: 'a', glob: 'b' },
  { path: '../a' },
  { path: '/a' },
  { glob: 'a/../../b' },
  { path: 'a*' },
  { path: 'a', newest: 1 },
  { path: 'a', max: 1e9 },
])('refuses the spec %o', (spec) => {
  expect(fileObserver.spec.safeParse({ component: 'workspace', ...spec }).success).toBe(false);
});
