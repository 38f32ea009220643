/** Our own processes stopped and killed in the middle of their work: the next start, or another worker, goes on. */
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findPostgresBinaries } from '../../src/embedded/binaries.ts';
import { startLabsCluster } from '../../src/embedded/clusters.ts';
import { ensureOsUsers } from '../../src/embedded/os-user.ts';
import { identify, isAlive } from '../../src/embedded/process-identity.ts';
import { processesOf, type Ready, run, type Started, startServer } from '../cli/labwright.ts';
import { startTestPostgres } from '../support/postgres.ts';
import { countThings, findLeftovers, processesOfSandboxes, query } from './belongings.ts';
import { type AccessWire, type Client, createClient } from './client.ts';
import { eventually, installationOf, leftoversAfter, makeDataFolder } from './support.ts';

const template = 'dm-customer-lifecycle';
// Servers start and stop here, on a machine that may be busy with other tests.
vi.setConfig({ testTimeout: 90_000 });
type Server = Started & { readonly ready: Ready };

describe('one server', () => {
  let folder: string;
  // A second is not enough to finish a lab on a new data folder: what is under way has to be given up.
  const env = { SPARES: '0', DRAIN_SECONDS: '1' };
  let server: Server | null = null;
  let client: Client;
  let first: string;
  let second: string;
  let access: AccessWire;
  const start = async () => {
    const started = await startServer(folder, env);
    client = createClient(started.ready.url, started.ready.tokens.trainee);
    server = started;
  };
  const kill = async (signal: NodeJS.Signals) => {
    server?.child.kill(signal);
    return (await server?.ended)?.code;
  };
  const underway = (id: string) => client.until(id, ({ status }) => status === 'starting', 10_000);
  const databaseUrl = () => String(access.components.database?.facts.url);

  beforeAll(() => {
    folder = makeDataFolder();
  });
  afterAll(async () => {
    await kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });

  it('stops on Ctrl-C in the middle of making a lab, and leaves no process', async () => {
    await start();
    first = (await client.create({ template })).id;
    await underway(first);
    await delay(200);
    expect((await client.lab(first)).status).toBe('starting');
    expect(await kill('SIGINT')).toBe(0);
    expect(processesOf(folder)).toEqual([]);
  });

  it('makes that lab at the next start', async () => {
    await start();
    await client.untilReady(first, 60_000);
    access = await client.access(first);
    await query(databaseUrl(), "update customers set phone = 'mine' where true");
  });

  it('keeps a second server off the data folder', async () => {
    const other = await run(['serve', '--data-dir', folder, '--port', '0']);
    expect(other.code).toBe(5);
    expect(other.stderr).toContain(`pid ${server?.ready.pid}`);
    expect((await client.lab(first)).status).toBe('ready');
  });

  it('finds its labs as they were after kill -9, and makes what was under way', async () => {
    const { id } = await installationOf(folder);
    const before = processesOfSandboxes(id);
    expect(before).toHaveLength(1);
    second = (await client.create({ template })).id;
    await underway(second);
    await kill('SIGKILL');
    // The databases and the lab's API are still there: killing the server takes nothing from a trainee.
    expect(before.every(({ pid }) => identify(pid) !== null)).toBe(true);
    expect((await query(databaseUrl(), 'select 1 as one')).length).toBe(1);

    await start();
    await client.untilReady(second, 60_000);
    await client.untilReady(first, 30_000);
    expect(await client.access(first)).toEqual(access);
    expect(processesOfSandboxes(id)).toEqual(expect.arrayContaining([...before]));
    const phones = await query(databaseUrl(), 'select distinct phone from customers');
    expect(phones).toEqual([{ phone: 'mine' }]);
  });

  it('has doubled nothing', async () => {
    const installation = await installationOf(folder);
    expect(await leftoversAfter(installation)).toEqual([]);
    expect(await countThings(installation)).toEqual({ process: 2, database: 2, role: 8, folder: 2, port: 2 });
    expect((await client.grade(first)).state).toBe('finished');
  });

  it('ends both, and leaves nothing', async () => {
    for (const id of [first, second]) await client.remove(id);
    for (const id of [first, second]) await client.untilEnded(id);
    const installation = await installationOf(folder);
    expect(await leftoversAfter(installation)).toEqual([]);
    expect(await countThings(installation)).toEqual({ process: 0, database: 0, role: 0, folder: 0, port: 0 });
    expect(await kill('SIGTERM')).toBe(0);
    expect(processesOf(folder)).toEqual([]);
  });
});

describe('two workers', () => {
  it('take over from each other within 10 s of a kill -9', async () => {
    const postgres = await startTestPostgres();
    const folders = [makeDataFolder(), makeDataFolder(), makeDataFolder()] as const;
    const key = 'ab'.repeat(32);
    const labs = await startLabsCluster(
      {
        dataDir: folders[2],
        binaries: findPostgresBinaries().root,
        user: (await ensureOsUsers()).postgres,
        installationKey: Buffer.from(key, 'hex'),
      },
      AbortSignal.timeout(60_000),
    );
    const controlUrl = await postgres.createDatabase();
    const shared = { DATABASE_URL: controlUrl, LABS_DATABASE_URL: labs.adminUrl, INSTALLATION_KEY: key };
    const servers: Server[] = [];
    try {
      for (const folder of folders.slice(0, 2))
        servers.push(await startServer(folder, { ...shared, SPARES: '0' }));
      const [doomed, heir] = servers as [Server, Server];
      const token = doomed.ready.tokens.trainee;
      // Stopped, so that the other one surely has the lab.
      heir.child.kill('SIGSTOP');
      const client = createClient(doomed.ready.url, token);
      const { id } = await client.create({ template });
      await client.until(id, ({ status }) => status === 'starting', 10_000);
      await delay(200);
      const due = () =>
        query<{ due: Date }>(controlUrl, 'select due_at as due from labs where id = $1', [id]);
      doomed.child.kill('SIGKILL');
      await doomed.ended;
      const killedAt = performance.now();
      const [left] = await due();
      heir.child.kill('SIGCONT');
      // Whoever works on a lab moves its due time on.
      await eventually(
        async () => (await due())[0]?.due.getTime() !== left?.due.getTime(),
        () => 'the other worker to take the lab',
        12_000,
      );
      expect(performance.now() - killedAt).toBeLessThan(10_000);
      const survivor = createClient(heir.ready.url, token);
      await survivor.untilReady(id, 60_000);
      expect((await survivor.grade(id)).state).toBe('finished');
      const [row] = await query<{ id: string }>(controlUrl, 'select id::text as id from installation');
      const installation = { id: row?.id ?? '', dataDir: folders[1], controlUrl, labsUrl: labs.adminUrl };
      expect(await findLeftovers(installation)).toEqual([]);
      await survivor.remove(id);
      await survivor.untilEnded(id);
      expect(await countThings(installation)).toEqual({
        process: 0,
        database: 0,
        role: 0,
        folder: 0,
        port: 0,
      });
    } finally {
      for (const { child, ended } of servers) {
        child.kill('SIGCONT');
        child.kill('SIGTERM');
        await ended;
      }
      await labs.stop();
      expect(isAlive(labs.process)).toBe(false);
      for (const folder of folders) {
        expect(processesOf(folder)).toEqual([]);
        rmSync(folder, { recursive: true, force: true });
      }
      await postgres.stop();
    }
  });
});
