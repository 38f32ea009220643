import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPostgresBinaries } from '../../src/embedded/binaries.ts';
import {
  type Cluster,
  type ClusterOptions,
  startCluster,
  stopClusterIn,
} from '../../src/embedded/cluster.ts';
import { ensureOsUsers } from '../../src/embedded/os-user.ts';
import { isAlive } from '../../src/embedded/process-identity.ts';

const signal = AbortSignal.timeout(60_000);
let folder: string;
let options: ClusterOptions;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'labwright-cluster-'));
  options = {
    folder: join(folder, 'cluster'),
    binaries: findPostgresBinaries().root,
    user: (await ensureOsUsers()).postgres,
    password: 'a password with / and @',
    durable: false,
    settings: { max_connections: '20' },
  };
  rmSync(folder, { recursive: true });
  mkdirSync(folder, { mode: 0o755 });
});

afterEach(async () => {
  await stopClusterIn(options.folder);
  rmSync(folder, { recursive: true, force: true });
});

async function ask(cluster: Cluster, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: cluster.adminUrl });
  await client.connect();
  try {
    return Object.values((await client.query(sql)).rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

describe('an embedded cluster', () => {
  it('listens on loopback only, wants a password, and keeps its port and data over a restart', async () => {
    const first = await startCluster(options, signal);
    expect(await ask(first, 'show listen_addresses')).toBe('127.0.0.1');
    expect(await ask(first, 'show unix_socket_directories')).toBe('');
    await ask(first, 'create table kept ()');
    const stranger = new pg.Client({ host: '127.0.0.1', port: first.port, user: 'postgres', password: 'x' });
    await expect(stranger.connect()).rejects.toMatchObject({ code: '28P01' });
    await first.stop();
    expect(isAlive(first.process)).toBe(false);
    const second = await startCluster(options, signal);
    expect(second.port).toBe(first.port);
    expect(second.adopted).toBe(false);
    expect(await ask(second, `select to_regclass('kept') is not null`)).toBe(true);
  });

  it('is adopted while it runs, so that a killed Labwright finds it again', async () => {
    const first = await startCluster(options, signal);
    const second = await startCluster(options, signal);
    expect(second.adopted).toBe(true);
    expect(second.process).toEqual(first.process);
  });

  it('is adopted through a link, and where its folder was moved to', async () => {
    const first = await startCluster(options, signal);
    const moved = join(folder, 'moved');
    const link = join(folder, 'link');
    renameSync(options.folder, moved);
    symlinkSync(moved, link);
    options = { ...options, folder: link };
    const second = await startCluster(options, signal);
    expect(second.adopted).toBe(true);
    expect(second.process).toEqual(first.process);
  });

  it('starts over what a kill -9 of the server left behind', async () => {
    const first = await startCluster(options, signal);
    process.kill(first.process.pid, 'SIGKILL');
    const second = await startCluster(options, signal);
    expect(second.adopted).toBe(false);
    expect(await ask(second, 'select 1')).toBe(1);
  });

  it('is not kept from starting by a pid file whose pid now belongs to somebody else', async () => {
    const first = await startCluster(options, signal);
    await first.stop();
    writeFileSync(
      join(options.folder, 'data', 'postmaster.pid'),
      `${process.pid}\n${options.folder}/data\n1\n1\n`,
    );
    expect(await ask(await startCluster(options, signal), 'select 1')).toBe(1);
  });

  it('takes another port when its own is taken', async () => {
    const first = await startCluster(options, signal);
    await first.stop();
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(first.port, '127.0.0.1', resolve));
    try {
      const second = await startCluster(options, signal);
      expect(second.port).not.toBe(first.port);
      expect(await ask(second, 'select 1')).toBe(1);
    } finally {
      squatter.close();
    }
  });

  it("says in the server's own words why it does not start", async () => {
    const broken = { ...options, settings: { max_connections: 'many' } };
    await expect(startCluster(broken, signal)).rejects.toMatchObject({
      code: 'start_failed',
      message: expect.stringContaining('max_connections'),
    });
  });

  it('names the folder that is closed to the PostgreSQL user', async () => {
    if (options.user === null) return;
    const closed = join(folder, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const hidden = { ...options, folder: join(closed, 'cluster') };
    await expect(startCluster(hidden, signal)).rejects.toMatchObject({
      code: 'start_failed',
      message: expect.stringContaining(`${closed} is closed`),
    });
  });
});
