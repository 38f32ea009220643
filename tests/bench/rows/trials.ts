/** Experiments: a copy of a live lab against the same by hand, what the trainee feels of it, and three at once. */

import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { SandboxPlan } from '../../../src/lab/ports.ts';
import type { Bench } from '../bench.ts';
import { benchTemplate, firstPlan, openDriver } from '../driver.ts';
import { serveLabs } from '../labs.ts';
import { interleave, type Line } from '../measure.ts';
import { rawLab, templateDatabase } from '../raw-lab.ts';
import type { World } from '../world.ts';

export const trials: Bench = {
  row: 18,
  name: 'trials',
  run: async (world) => [...(await forks(world)), await threeAtOnce(world)],
};

/** As a trial makes them: the database first, then the API on it. */
async function forks(world: World): Promise<readonly Line[]> {
  const { signal } = world;
  const version = await benchTemplate();
  const driver = openDriver(world, 'trials');
  const live = firstPlan('sb-live', version);
  await driver.prepare(version, signal);
  for (const component of ['database', 'api', 'workspace']) await driver.ensure(live, component, signal);
  const source = await templateDatabase(world);
  const compileCache = join(world.folder('trials'), 'sandboxes', '.compile-cache');
  const pauses: number[] = [];
  let made = 0;
  const measured = await interleave(
    {
      async ours() {
        const fork = forkOf(live, `sb-fork-${made++}`);
        const trainee = watchTrainee(driver.access(live, 'database'));
        await trainee.connected;
        const start = performance.now();
        await driver.ensure(fork, 'database', signal);
        await driver.ensure(fork, 'api', signal);
        const took = performance.now() - start;
        const pause = await trainee.end();
        if (made > 2) pauses.push(pause);
        await driver.destroy(fork.sandboxId, signal);
        return took;
      },
      async floor() {
        const start = performance.now();
        const lab = await rawLab(world, source, compileCache);
        const took = performance.now() - start;
        await lab.remove();
        return took;
      },
    },
    { samples: world.samples(30, 6), warmups: 2, signal },
  );
  await driver.destroy(live.sandboxId, signal);
  await driver.pruneTemplates([], 0);
  return [
    {
      what: 'fork of a live lab: database and API',
      unit: 'ms',
      ...measured,
      target: { kind: 'ratio', atMost: 1.6 },
      note: 'floor of forks: CREATE DATABASE … TEMPLATE of a closed database, one role, the sample API to its first 200',
    },
    {
      what: 'pause that the trainee feels',
      unit: 'ms',
      ours: { samples: pauses, failures: 0 },
      floor: null,
      target: { kind: 'bound', p50: 200 },
      note: 'pause: the longest time between two answers to a session of the trainee that asks every 2 ms and connects again when it is cut, during a fork',
    },
  ];
}

function forkOf(live: SandboxPlan, sandboxId: string): SandboxPlan {
  const { workspace: _, ...components } = live.components;
  return { ...live, sandboxId, components, origin: live };
}

/** A session of the trainee, asking without end. */
function watchTrainee(access: ReturnType<ReturnType<typeof openDriver>['access']>) {
  if (access.kind !== 'postgres') throw new Error('not a database');
  const { host, port, database, trainee } = access;
  let over = false;
  let last = 0;
  let longest = 0;
  let first = () => {};
  const connected = new Promise<void>((resolve) => {
    first = resolve;
  });
  const running = (async () => {
    while (!over) {
      const client = new pg.Client({ host, port, database, ...trainee });
      client.on('error', () => {});
      try {
        await client.connect();
        while (!over) {
          await client.query('select 1');
          const now = performance.now();
          if (last > 0) longest = Math.max(longest, now - last);
          last = now;
          first();
          await delay(2);
        }
      } catch {
        await delay(2);
      } finally {
        await client.end().catch(() => {});
      }
    }
  })();
  return {
    connected,
    /** The longest pause so far, in milliseconds. */
    async end(): Promise<number> {
      over = true;
      await running;
      return longest;
    },
  };
}

async function threeAtOnce(world: World): Promise<Line> {
  const { server, labs } = await serveLabs(world, 'three-trials', 0);
  const [three, one] = [await labs.ask('bench-trials'), await labs.ask('bench-one-trial')];
  for (const id of [three, one]) await labs.until(id, 'ready', 20);
  const measured = await interleave(
    {
      async ours() {
        await labs.grade(three);
        return undefined;
      },
      async floor() {
        await labs.grade(one);
        return undefined;
      },
    },
    { samples: world.samples(5, 2), warmups: 1, signal: world.signal },
  );
  for (const id of [three, one]) await labs.end(id);
  await server.stop();
  return {
    what: 'grade of a lab with three trials',
    unit: 'ms',
    ...measured,
    target: { kind: 'ratio', atMost: 1.3 },
    note: 'floor of three trials: the grade of a lab that has only the longest of them, which waits 4 s',
  };
}
