/** `kill -9` in the middle of pauses, snapshots, restores and exports: the next start goes on, and nothing is left over. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { processesOf, type Ready, type Started, startServer } from '../cli/labwright.ts';
import { type Installation, processesOfSandboxes, query } from './belongings.ts';
import { type Client, createClient } from './client.ts';
import { databasesOf, sandboxOf } from './lab-state.ts';
import { eventually, installationOf, leftoversAfter, makeDataFolder } from './support.ts';
import { testTemplates } from './test-templates.ts';

// Servers start and stop here, on a machine that may be busy with other tests.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

describe('one server', () => {
  let templates: ReturnType<typeof testTemplates>;
  let folder: string;
  let server: (Started & { readonly ready: Ready }) | null = null;
  let ada: Client;
  let installation: Installation;
  let id: string;

  const start = async () => {
    server = await startServer(folder, { SPARES: '0', TEMPLATES_DIR: templates.folder, LOG_LEVEL: 'warn' });
    ada = createClient(server.ready.url, server.ready.tokens.trainee);
  };
  const kill = async () => {
    server?.child.kill('SIGKILL');
    await server?.ended;
  };
  /** Kills it as soon as a query over the control database finds something. */
  async function killOnce(text: string): Promise<void> {
    const find = async () => (await query(installation.controlUrl, text)).length > 0;
    await eventually(find, () => `nothing was found by ${text}`, 60_000);
    await kill();
  }
  const url = async () => (await databasesOf(installation, await sandboxOf(installation, id)))[0]?.url ?? '';
  const chores = async () =>
    (await query<{ name: string }>(await url(), 'select name from chores order by name')).map((r) => r.name);
  const living = () =>
    query(
      installation.controlUrl,
      "select id from sandboxes where starts_with(owner, 'snapshot:') and state in ('building', 'up')",
    );
  const kept = async () => {
    const found = await ada.call<{ items: { name: string; state: string }[] }>(
      'GET',
      `/labs/${id}/snapshots`,
    );
    return found.items.filter(({ state }) => state === 'kept').map(({ name }) => name);
  };

  beforeAll(async () => {
    templates = testTemplates('resting');
    folder = makeDataFolder();
    await start();
    installation = await installationOf(folder);
    id = (await ada.create({ template: 'resting' })).id;
    await ada.untilReady(id, 90_000);
    await query(await url(), "insert into chores values ('done')");
  });
  afterAll(async () => {
    server?.child.kill('SIGTERM');
    await server?.ended;
    rmSync(folder, { recursive: true, force: true });
    templates.remove();
  });

  it.each([
    ['one', "select from operations where kind = 'snapshot' and state = 'running' and name = 'one'"],
    ['two', "select from sandboxes where owner like 'snapshot:%/two' and state in ('building', 'up')"],
  ])('makes a snapshot once that was being made (%s)', async (name, underway) => {
    // It is made in a moment: what waits for it is asked first.
    const killed = killOnce(underway);
    await ada.call('POST', `/labs/${id}/snapshots`, { name }).catch(() => null);
    await killed;
    await start();
    await ada.untilReady(id, 90_000);
    await eventually(
      async () => (await kept()).includes(name),
      () => `${name} is never kept`,
      60_000,
    );
    expect(await living()).toHaveLength((await kept()).length);
    expect(await leftoversAfter(installation, 30_000)).toEqual([]);
  });

  it('goes on with a lab that was being put back', async () => {
    await query(await url(), 'delete from chores');
    const killed = killOnce(`select from labs where id = '${id}' and phase = 'provisioning'`);
    await ada.call('POST', `/labs/${id}/restore`, { snapshot: 'one' }).catch(() => null);
    await killed;
    await start();
    await ada.untilReady(id, 90_000);
    expect(await chores()).toEqual(['done']);
    expect((await kept()).sort()).toEqual(['one', 'two']);
    expect(await leftoversAfter(installation, 30_000)).toEqual([]);
  });

  it('stops what a pause had not stopped yet, and starts it again', async () => {
    const killed = killOnce(`select from labs where id = '${id}' and phase = 'paused'`);
    await ada.call('POST', `/labs/${id}/pause`, {}).catch(() => null);
    await killed;
    await start();
    await ada.until(id, ({ components }) => components.every(({ status }) => status === 'paused'), 60_000);
    expect(processesOfSandboxes(installation.id)).toEqual([]);
    const resumed = killOnce(`select from labs where id = '${id}' and phase <> 'paused'`);
    await ada.call('POST', `/labs/${id}/resume`, {}).catch(() => null);
    await resumed;
    await start();
    await ada.untilReady(id, 90_000);
    expect(await chores()).toEqual(['done']);
  });

  it('writes what is kept of a lab that was ending, before anything of it goes', async () => {
    const holder = new pg.Client({ connectionString: await url() });
    await holder.connect();
    await holder.query('begin; lock table chores in access exclusive mode');
    await ada.remove(id);
    // The export waits for the table.
    await killOnce(`select from labs where id = '${id}' and phase = 'terminating' and exports_left > 0`);
    const file = join(folder, 'exports', `${id}.tar.gz`);
    expect(existsSync(file)).toBe(false);
    expect((await holder.query('select name from chores')).rows).toEqual([{ name: 'done' }]);
    await holder.end();
    await start();
    await ada.untilEnded(id, 90_000);
    expect(existsSync(file)).toBe(true);
    const told = await query<{ type: string }>(
      installation.controlUrl,
      "select type from lab_events where lab_id = $1 and type like 'lab.export%'",
      [id],
    );
    expect(told).toEqual([{ type: 'lab.exported' }]);
    expect(await living()).toEqual([]);
    expect(await leftoversAfter(installation, 30_000)).toEqual([]);
    server?.child.kill('SIGTERM');
    await server?.ended;
    expect(processesOf(folder)).toEqual([]);
  });
});
