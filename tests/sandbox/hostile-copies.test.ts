/** A workspace whose trainee wants its copies to hang, to fill the disk, or to hold what is not theirs. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { copyTree } from '../../src/sandbox/files/copy-tree.ts';
import { removeTree } from '../../src/sandbox/files/remove-tree.ts';

const isRoot = process.getuid?.() === 0;
const trainee = { name: 'nobody', uid: 65_534, gid: 65_534 };
let folder: string;
const from = () => join(folder, 'from');
const to = () => join(folder, 'to');
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwright-hostile-'));
  mkdirSync(from());
  mkdirSync(to());
});
afterEach(() => removeTree(folder));
const copy = (owner: typeof trainee | null = null) =>
  copyTree(from(), to(), owner, AbortSignal.timeout(60_000));

it('copies no more of a file than was counted, while its size is changed all the time', async () => {
  const large = 400 * 1024 * 1024;
  writeFileSync(join(from(), 'breathing'), '');
  const worker = new Worker(
    `const { truncateSync } = require('node:fs');
     for (;;) { truncateSync(process.argv[2], ${4 * large}); truncateSync(process.argv[2], 10); }`,
    { eval: true, argv: [join(from(), 'breathing')] },
  );
  try {
    for (let n = 0; n < 40; n += 1) {
      await copy().catch((thrown) => expect(thrown).toMatchObject({ code: 'payload_too_large' }));
      const target = join(to(), 'breathing');
      if (existsSync(target)) expect(statSync(target).size).toBeLessThanOrEqual(500 * 1024 * 1024);
      rmSync(target, { force: true });
    }
  } finally {
    await worker.terminate();
  }
}, 60_000);

it.runIf(isRoot)('leaves out second names of files of others, which only root could read', async () => {
  writeFileSync(join(folder, 'secret'), 'of root', { mode: 0o600 });
  linkSync(join(folder, 'secret'), join(from(), 'mine'));
  writeFileSync(join(from(), 'own'), 'x');
  chownSync(join(from(), 'own'), trainee.uid, trainee.gid);
  await copy(trainee);
  expect(readdirSync(to())).toEqual(['own']);
  // Without an owner to hold to, both are copied.
  rmSync(join(to(), 'own'));
  await copy();
  expect(readdirSync(to()).sort()).toEqual(['mine', 'own']);
});

/** A folder in a folder, and so on. */
function nest(name: string, depth: number, inside: string): void {
  const script = `
import os, sys
os.chdir(sys.argv[1])
for _ in range(${depth}):
  os.mkdir('${name}'); os.chdir('${name}')
open('deepest', 'w').close()`;
  execFileSync('python3', ['-c', script, inside]);
}
const python = existsSync('/usr/bin/python3');

it.runIf(python)(
  'refuses paths that are too long, as the trainee’s doing, and leaves out what is too deep',
  async () => {
    nest('d'.repeat(200), 30, from());
    await expect(copy()).rejects.toMatchObject({ code: 'payload_too_large', message: /too long/ });
    await removeTree(from());
    await removeTree(to());
    mkdirSync(from());
    mkdirSync(to());
    nest('d', 500, from());
    writeFileSync(join(from(), 'near'), 'x');
    await copy();
    expect(readFileSync(join(to(), 'near'), 'utf8')).toBe('x');
    expect(readdirSync(to(), { recursive: true }).length).toBeLessThan(70);
  },
);

it.runIf(python)(
  'is removed however deep it is, while others go on',
  async () => {
    const longest = async (remove: () => Promise<void> | void) => {
      const delay = monitorEventLoopDelay({ resolution: 5 });
      delay.enable();
      await sleep(50);
      await remove();
      await sleep(50);
      delay.disable();
      return delay.max / 1e6;
    };
    nest('d', 600, from());
    const blocked = await longest(() => rmSync(from(), { recursive: true }));
    mkdirSync(from());
    nest('d', 600, from());
    expect(await longest(() => removeTree(from()))).toBeLessThan(blocked / 2);
    expect(existsSync(from())).toBe(false);

    mkdirSync(from());
    nest('d'.repeat(200), 100, from());
    await removeTree(from());
    expect(existsSync(from())).toBe(false);
    await removeTree(from());
  },
  60_000,
);

it('copies odd names, and passes by sockets, pipes and what cannot be read', async () => {
  const odd = ['-rf', '$(id)', "it's", 'a\nb', '…', ' '];
  for (const name of odd) writeFileSync(join(from(), name), name);
  writeFileSync(Buffer.concat([Buffer.from(`${from()}/`), Buffer.from([0xff, 0xfe])]), 'not UTF-8');
  execFileSync('mkfifo', [join(from(), 'pipe')]);
  const server = createServer().listen(join(from(), 'socket'));
  writeFileSync(join(from(), 'closed'), 'x', { mode: 0o600 });
  chmodSync(join(from(), 'closed'), 0o000);
  try {
    await copy();
  } finally {
    server.close();
  }
  const there = readdirSync(to());
  expect(there).toEqual(expect.arrayContaining(odd));
  expect(there).not.toContain('pipe');
  expect(there).not.toContain('socket');
  if (there.includes('closed')) expect(statSync(join(to(), 'closed')).mode & 0o777).toBe(0);
});
