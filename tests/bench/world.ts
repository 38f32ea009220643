/**
 * What the rows stand on: one temporary folder with clusters of its own, like those of an installation, and servers
 * that are started on them as their users start them.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createCloser } from '../../src/compose/closer.ts';
import { sampleApiFolder } from '../../src/compose/templates.ts';
import { startControlCluster, startLabsCluster } from '../../src/embedded/clusters.ts';
import { ensureOsUsers, type OsUsers } from '../../src/embedded/os-user.ts';
import { type Runtime as Programs, stageRuntime } from '../../src/embedded/runtime.ts';
import { type Server, type ServerOptions, startServer } from './server.ts';

export interface World {
  readonly quick: boolean;
  readonly signal: AbortSignal;
  readonly users: OsUsers;
  readonly programs: Programs;
  readonly installationKey: Buffer;
  /** Superuser URL of the labs' cluster. */
  readonly labsUrl: string;
  /** On the labs' cluster, as superuser. */
  readonly labs: pg.Pool;
  /** So many samples, or fewer when it must be quick. */
  samples(full: number, quick: number): number;
  /** How many labs are asked for at once where it is measured what many cost. */
  readonly burst: number;
  /** A new folder below the world's own. */
  folder(name: string): string;
  /** URL of an empty database on the control cluster. */
  controlDatabase(name: string): Promise<string>;
  /** A server on this control database and the labs' cluster; stopped with the world if not before. */
  serve(options: Omit<ServerOptions, 'labsUrl' | 'installationKey'>): Promise<Server>;
  /** Closed with the world, last first. */
  defer(name: string, close: () => Promise<unknown> | unknown): void;
  say(text: string): void;
}

export interface WorldOptions extends Pick<World, 'quick' | 'burst' | 'say'> {
  /** No series has more samples than that. */
  readonly mostSamples: number;
}

export async function openWorld(
  { quick, burst, mostSamples, say }: WorldOptions,
  signal: AbortSignal,
): Promise<{ readonly world: World; close(): Promise<void> }> {
  const closer = createCloser((name, _ms, failure) => {
    if (failure !== null) say(`closing ${name} failed: ${String(failure)}`);
  });
  try {
    const root = mkdtempSync(join(tmpdir(), 'labwright-bench-'));
    closer.add('the folder', () => rmSync(root, { recursive: true, force: true }));
    chmodSync(root, 0o755);
    say('starting PostgreSQL');
    const users = await ensureOsUsers(say);
    const programs = stageRuntime(root, sampleApiFolder, users, say);
    const installationKey = randomBytes(32);
    const home = { dataDir: root, binaries: programs.postgres, user: users.postgres, installationKey };
    const clusters = [startControlCluster(home, signal), startLabsCluster(home, signal)] as const;
    closer.add('the clusters', async () => {
      const started = await Promise.allSettled(clusters);
      await Promise.all(started.map((one) => (one.status === 'fulfilled' ? one.value.stop() : null)));
    });
    const [control, labsCluster] = await Promise.all(clusters);
    const pool = (connectionString: string) => {
      const made = new pg.Pool({ connectionString, max: 16 });
      made.on('error', () => {});
      closer.add('connections', () => made.end());
      return made;
    };
    const admin = pool(control.adminUrl);
    const labsUrl = labsCluster.adminUrl;
    const world: World = {
      quick,
      burst,
      signal,
      users,
      programs,
      installationKey,
      labsUrl,
      labs: pool(labsUrl),
      samples: (full, few) => Math.min(mostSamples, quick ? few : full),
      folder(name) {
        const path = join(root, name);
        mkdirSync(path, { recursive: true, mode: 0o755 });
        return path;
      },
      async controlDatabase(name) {
        await admin.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);
        await admin.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
        const url = new URL(control.adminUrl);
        url.pathname = `/${name}`;
        return url.href;
      },
      async serve(asked) {
        const server = await startServer({ labsUrl, installationKey, ...asked }, signal);
        closer.add('a server', () => server.stop());
        return server;
      },
      defer: (name, close) => closer.add(name, close),
      say,
    };
    return { world, close: () => closer.close() };
  } catch (thrown) {
    await closer.close();
    throw thrown;
  }
}
