import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ensureInstallationKey,
  lockDataFolder,
  openDataFolder,
  readRunningServer,
  readTokens,
  saveTokens,
} from '../../src/compose/data-folder.ts';
import { LabError } from '../../src/lab/errors.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwright-data-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const mode = (file: string) => statSync(join(folder, file)).mode & 0o777;

describe('the lock', () => {
  it('refuses a second holder, naming the first and its address', () => {
    const lock = lockDataFolder(folder, 'labwright serve');
    lock.announce('http://127.0.0.1:4000', 'http://127.0.0.1:4000/docs');
    expect(() => lockDataFolder(folder, 'labwright serve')).toThrow(
      new RegExp(`http://127.0.0.1:4000 \\(pid ${process.pid}\\)`),
    );
    lock.release();
    expect(readRunningServer(folder)).toBeNull();
    lockDataFolder(folder, 'labwright serve').release();
  });

  it('is free again when its holder was killed, also when the pid was given out again', () => {
    const dead = { pid: 999_999_999, startedAt: 'x', what: 'labwright serve', url: null, docsUrl: null };
    for (const holder of [dead, { ...dead, pid: process.pid, startedAt: 'another process' }]) {
      writeFileSync(join(folder, 'server.json'), JSON.stringify(holder));
      expect(readRunningServer(folder)).toBeNull();
      lockDataFolder(folder, 'labwright serve').release();
    }
  });

  it('survives a file that is no lock', () => {
    writeFileSync(join(folder, 'server.json'), 'half a li');
    lockDataFolder(folder, 'labwright serve').release();
  });
});

describe('the folder', () => {
  it('that cannot be used is named', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'below')]) {
      expect(() => openDataFolder(path)).toThrow(LabError);
      expect(() => openDataFolder(path)).toThrow(`The data folder ${path} cannot be used`);
    }
  });

  it('lets the unprivileged users through whatever the umask is', () => {
    if (process.getuid?.() !== 0) return;
    const before = process.umask(0o077);
    try {
      openDataFolder(join(folder, 'new', 'data'));
      for (const path of ['new', 'new/data']) expect(mode(path), path).toBe(0o755);
    } finally {
      process.umask(before);
    }
  });

  it('keeps its key, its tokens and its lock from others', () => {
    const key = ensureInstallationKey(folder, null);
    expect(key.length).toBe(32);
    expect(ensureInstallationKey(folder, null)).toEqual(key);
    expect(ensureInstallationKey(folder, 'ab'.repeat(32)).toString('hex')).toBe('ab'.repeat(32));
    const tokens = { trainee: 'lw_t', instructor: 'lw_i', admin: 'lw_a' };
    saveTokens(folder, tokens);
    expect(readTokens(folder)).toEqual(tokens);
    const lock = lockDataFolder(folder, 'labwright serve');
    for (const file of ['installation.key', 'tokens.json', 'server.json'])
      expect(mode(file), file).toBe(0o600);
    lock.release();
  });

  it('refuses a damaged key instead of making another one', () => {
    writeFileSync(join(folder, 'installation.key'), 'short');
    expect(() => ensureInstallationKey(folder, null)).toThrow('installation.key');
    expect(readFileSync(join(folder, 'installation.key'), 'utf8')).toBe('short');
  });
});
