import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canReach } from '../../src/embedded/folder.ts';
import { packagesOf } from '../../src/embedded/node-packages.ts';
import { asUser, ensureOsUsers, type OsUsers } from '../../src/embedded/os-user.ts';
import { stageRuntime } from '../../src/embedded/runtime.ts';

const run = promisify(execFile);
const checkout = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const sampleApi = join(checkout, 'src', 'sample-api');
let folder: string;
let users: OsUsers;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'labwright-runtime-'));
  chmodSync(folder, 0o755);
  users = await ensureOsUsers();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A checkout in a home that only its owner may enter. */
function closedCheckout(): string {
  const home = join(folder, 'home');
  mkdirSync(home, { mode: 0o700 });
  const closed = join(home, 'checkout');
  for (const path of [
    'package.json',
    'package-lock.json',
    'src/sample-api',
    ...packagesOf(sampleApi, checkout),
  ]) {
    mkdirSync(dirname(join(closed, path)), { recursive: true });
    cpSync(join(checkout, path), join(closed, path), { recursive: true, dereference: true });
  }
  // As `git clone` leaves it where the umask is 077.
  chmodSync(join(closed, 'src', 'sample-api', 'main.ts'), 0o600);
  chmodSync(join(closed, 'node_modules', 'pg'), 0o700);
  // As PostgreSQL's libraries have them.
  symlinkSync('main.ts', join(closed, 'src', 'sample-api', 'linked.ts'));
  return closed;
}

describe('programs for unprivileged users', () => {
  it('run where they are when the users get to them', () => {
    const said: string[] = [];
    const dataDir = join(folder, 'data');
    const runtime = stageRuntime(dataDir, sampleApi, { postgres: null, lab: null, partner: null }, (line) =>
      said.push(line),
    );
    expect(runtime).toMatchObject({ node: process.execPath, sampleApi });
    expect(said).toEqual([]);
  });

  it('are copied once when the checkout is closed to them, and run from there', {
    timeout: 120_000,
  }, async () => {
    if (users.lab === null) return;
    const closed = closedCheckout();
    expect(canReach(join(closed, 'package.json'), users.lab)).toBe(false);
    const said: string[] = [];
    const stage = () =>
      stageRuntime(join(folder, 'data'), join(closed, 'src', 'sample-api'), users, (line) => said.push(line));
    const runtime = stage();
    expect(runtime.sampleApi.startsWith(join(folder, 'data', 'runtime'))).toBe(true);
    const made = statSync(runtime.sampleApi).ctimeMs;
    expect(stage().sampleApi).toBe(runtime.sampleApi);
    expect(statSync(runtime.sampleApi).ctimeMs).toBe(made);
    expect(said).toHaveLength(1);
    expect(canReach(join(runtime.sampleApi, 'linked.ts'), users.lab)).toBe(true);
    // Without settings it says which are missing: all its packages were found.
    const started = run(runtime.node, [join(runtime.sampleApi, 'main.ts')], {
      ...asUser(users.lab),
      cwd: '/',
      env: {},
    });
    await expect(started).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('DATABASE_URL') });
  });
});
