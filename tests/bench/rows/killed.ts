/** A worker that is killed while it makes a lab: when the lab is ready all the same. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { sandboxFolder } from '../../../src/sandbox/naming.ts';
import type { Bench } from '../bench.ts';
import { labsOf } from '../labs.ts';
import { interleave } from '../measure.ts';

export const killed: Bench = {
  row: 11,
  name: 'killed',
  async run(world) {
    const databaseUrl = await world.controlDatabase('killed');
    const start = (name: string, roles: string) =>
      world.serve({ dataDir: world.folder(`killed-${name}`), databaseUrl, spares: 0, roles });
    const api = await start('api', 'api');
    const names = ['a', 'b'];
    const workers = new Map(
      await Promise.all(names.map(async (name) => [name, await start(name, 'worker')] as const)),
    );
    const labs = labsOf(world, api, databaseUrl);
    const control = new pg.Pool({ connectionString: databaseUrl, max: 1 });
    world.defer('connections', () => control.end());

    /** The worker that makes the lab's sandbox, as soon as there is one. */
    async function makerOf(id: string): Promise<string> {
      const deadline = performance.now() + 10_000;
      while (performance.now() < deadline) {
        const { rows } = await control.query<{ id: string | null }>(
          "select sandbox_id as id from labs where id = $1 and phase = 'provisioning'",
          [id],
        );
        const sandbox = rows[0]?.id;
        const maker = names.find(
          (name) =>
            sandbox != null &&
            existsSync(join(world.folder(`killed-${name}`), 'sandboxes', sandboxFolder(sandbox))),
        );
        if (maker !== undefined) return maker;
        await delay(2);
      }
      throw new Error(`nobody began to make lab ${id}`);
    }

    const first = await labs.ask();
    await labs.until(first, 'ready', 20);
    await labs.end(first);
    const { ours } = await interleave(
      {
        async ours() {
          const id = await labs.ask();
          const maker = await makerOf(id);
          await workers.get(maker)?.kill();
          const at = performance.now();
          await labs.until(id, 'ready', 20);
          const took = performance.now() - at;
          workers.set(maker, await start(maker, 'worker'));
          await labs.end(id);
          return took / 1000;
        },
      },
      { samples: world.samples(5, 2), warmups: 0, signal: world.signal },
    );
    await Promise.all([...workers.values(), api].map((server) => server.stop()));
    return [
      {
        what: 'kill -9 of the worker that makes a lab, until the lab is ready',
        unit: 's',
        ours,
        floor: null,
        target: { kind: 'bound', worst: 10 },
        note: 'two workers, one control database; the other one finds it by its ring or by the end of its lease, and builds it',
      },
    ];
  },
};
