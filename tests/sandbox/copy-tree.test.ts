import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyTree } from '../../src/sandbox/files/copy-tree.ts';

let folder: string;
const from = () => join(folder, 'from');
const to = () => join(folder, 'to');
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwright-copy-'));
  mkdirSync(from());
  mkdirSync(to());
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const copy = (signal = AbortSignal.timeout(20_000)) => copyTree(from(), to(), null, signal);

describe('a copy of a workspace', () => {
  it('has the same files, folders, modes and times', async () => {
    mkdirSync(join(from(), 'a/b'), { recursive: true });
    writeFileSync(join(from(), 'a/b/run.sh'), '#!/bin/sh\n');
    chmodSync(join(from(), 'a/b/run.sh'), 0o750);
    chmodSync(join(from(), 'a/b'), 0o500);
    const time = new Date('2026-01-02T03:04:05Z');
    utimesSync(join(from(), 'a/b/run.sh'), time, time);
    await copy();
    expect(readFileSync(join(to(), 'a/b/run.sh'), 'utf8')).toBe('#!/bin/sh\n');
    expect(statSync(join(to(), 'a/b/run.sh')).mode & 0o777).toBe(0o750);
    expect(statSync(join(to(), 'a/b')).mode & 0o777).toBe(0o500);
    expect(statSync(join(to(), 'a/b/run.sh')).mtime).toEqual(time);
  });

  it('has links that stay inside, and nothing that leads out or is no file', async () => {
    mkdirSync(join(from(), 'deep'));
    writeFileSync(join(from(), 'real'), 'x');
    symlinkSync('../real', join(from(), 'deep', 'in'));
    symlinkSync('nowhere', join(from(), 'dangling'));
    symlinkSync('..', join(from(), 'up'));
    symlinkSync('../../from/real', join(from(), 'deep', 'round'));
    symlinkSync('/etc/passwd', join(from(), 'absolute'));
    symlinkSync('/etc', join(from(), 'folder'));
    execFileSync('mkfifo', [join(from(), 'pipe')]);
    await copy();
    expect(readdirSync(to()).sort()).toEqual(['dangling', 'deep', 'real']);
    expect(readdirSync(join(to(), 'deep'))).toEqual(['in']);
    expect(lstatSync(join(to(), 'deep', 'in')).isSymbolicLink()).toBe(true);
    expect(readlinkSync(join(to(), 'deep', 'in'))).toBe('../real');
  });

  it('is refused over its bounds, before it has filled the disk', async () => {
    writeFileSync(join(from(), 'huge'), '');
    // Sparse: it takes no room itself.
    truncateSync(join(from(), 'huge'), 600 * 1024 * 1024);
    await expect(copy()).rejects.toMatchObject({ code: 'payload_too_large' });
    expect(existsSync(join(to(), 'huge'))).toBe(false);
  });

  it('stops when the caller gives up, and says when there is nothing to copy', async () => {
    writeFileSync(join(from(), 'x'), 'x');
    await expect(copy(AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    rmSync(from(), { recursive: true });
    await expect(copy()).rejects.toMatchObject({ code: 'start_failed' });
  });
});
