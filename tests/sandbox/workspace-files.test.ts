import { mkdirSync, mkdtempSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFiles } from '../../src/sandbox/files/workspace-files.ts';

const megabyte = 1024 * 1024;
const many = 300;
let root = '';

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'labwright-files-'));
  mkdirSync(join(root, 'a/b'), { recursive: true });
  for (let i = 0; i < many; i++) {
    const path = join(root, 'a/b', `file-${i}`);
    writeFileSync(path, '');
    truncateSync(path, megabyte);
    utimesSync(path, 1_000 + i, 1_000 + i);
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('findFiles', () => {
  it('reads the newest only, however many match', async () => {
    const before = process.memoryUsage().arrayBuffers;
    let peak = before;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().arrayBuffers);
    }, 1);
    const query = { glob: '**', maxFiles: 2, maxBytesEach: megabyte };
    const files = await findFiles(root, query, new AbortController().signal);
    clearInterval(watch);
    expect(files.map(({ path }) => path)).toEqual([`a/b/file-${many - 1}`, `a/b/file-${many - 2}`]);
    expect(files.map(({ content }) => content?.byteLength)).toEqual([megabyte, megabyte]);
    peak = Math.max(peak, process.memoryUsage().arrayBuffers);
    expect(peak - before).toBeLessThan(20 * megabyte);
  });

  it('reads no more of them all than is asked for, and names the rest', async () => {
    const query = { glob: '**', maxFiles: 10, maxBytesEach: megabyte, maxBytesAll: 2 * megabyte };
    const files = await findFiles(root, query, new AbortController().signal);
    expect(files.map(({ bytes }) => bytes)).toEqual(Array(10).fill(megabyte));
    expect(files.map(({ content }) => content !== null)).toEqual(
      Array.from({ length: 10 }, (_, at) => at < 3),
    );
  });
});
