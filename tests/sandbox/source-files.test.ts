import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  changedOutside,
  hashOf,
  isSource,
  matchesAny,
  scanSource,
} from '../../src/sandbox/files/source-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwright-source-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, content: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

describe('what counts as the source of a program', () => {
  it('is code and manifests, and whatever is to be edited', () => {
    for (const path of ['main.ts', 'a/b.mjs', 'x.sql', 'package.json', 'tests/test_x.py'])
      expect(isSource(path, []), path).toBe(true);
    for (const path of ['state.json', 'out.log', 'data/rows.csv', 'upload.png', 'notes'])
      expect(isSource(path, []), path).toBe(false);
    expect(isSource('config/limits.json', ['config/*.json'])).toBe(true);
    expect(isSource('config/more/limits.json', ['config/*.json'])).toBe(false);
    expect(matchesAny(['modules/**'], 'modules/customers/repository.ts')).toBe(true);
    expect(matchesAny(['modules/**'], 'shared/modules/x.ts')).toBe(false);
  });

  it('is told by its contents, not by its times, its packages, its links and what it writes', async () => {
    write('main.ts', 'one');
    write('lib/b.ts', 'b');
    const { fingerprint, folders } = await scanSource(folder, []);
    expect(folders.map((path) => join(path, '.'))).toHaveLength(2);
    write('main.ts', 'one');
    write('out.log', String(Math.random()));
    write('node_modules/x/index.js', 'x');
    write('.git/hooks/x.sh', 'x');
    symlinkSync('/etc', join(folder, 'etc'));
    symlinkSync('/etc/hostname', join(folder, 'host.ts'));
    expect((await scanSource(folder, [])).fingerprint).toBe(fingerprint);
    write('main.ts', 'two');
    const changed = (await scanSource(folder, [])).fingerprint;
    expect(changed).not.toBe(fingerprint);
    rmSync(join(folder, 'lib'), { recursive: true });
    expect((await scanSource(folder, [])).fingerprint).not.toBe(changed);
    rmSync(folder, { recursive: true });
    expect((await scanSource(folder, [])).hashes.size).toBe(0);
  });

  it('is compared with what was delivered, beside what is to be edited', async () => {
    const delivered = new Map(
      ['main.ts', 'a.ts', 'gone.ts'].map((path) => [path, hashOf(Buffer.from(path))]),
    );
    write('main.ts', 'edited');
    write('a.ts', 'a.ts');
    write('gone.ts', 'gone.ts');
    const told = async () => changedOutside(await scanSource(folder, ['main.ts']), delivered, ['main.ts']);
    expect(await told()).toBeNull();
    write('new.ts', 'new');
    expect(await told()).toContain('new.ts');
    rmSync(join(folder, 'gone.ts'));
    expect(await told()).toContain('gone.ts, new.ts');
    for (const name of ['p.ts', 'q.ts', 'r.ts']) write(name, name);
    expect(await told()).toContain('and 2 more');
    expect(changedOutside(await scanSource(folder, []), delivered, [])).toBeNull();
  });
});
