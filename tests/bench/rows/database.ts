/** The database of a lab, with its roles and rights, against the bare clone; alone and with eight who ask. */
import type { Bench } from '../bench.ts';
import { benchTemplate, firstPlan, openDriver } from '../driver.ts';
import { interleave } from '../measure.ts';
import { rawClone, rawDrop, templateDatabase } from '../raw-lab.ts';

const requesters = 8;

export const database: Bench = {
  row: 3,
  name: 'database',
  async run(world) {
    const { signal } = world;
    const version = await benchTemplate();
    const driver = openDriver(world, 'database');
    await driver.prepare(version, signal);
    const source = await templateDatabase(world);
    let made = 0;

    /** Seconds that making took; removing is not in it. */
    async function ours(each: number, at: number): Promise<number> {
      const ids = Array.from({ length: each * at }, () => `sb-${made++}`);
      const waiting = [...ids];
      const start = performance.now();
      await sideBySide(at, waiting, (id) => driver.ensure(firstPlan(id, version), 'database', signal));
      const took = performance.now() - start;
      for (const id of ids) await driver.destroy(id, signal);
      return took;
    }

    async function floor(each: number, at: number): Promise<number> {
      const names = Array.from({ length: each * at }, () => `raw_${made++}`);
      const start = performance.now();
      await sideBySide(at, [...names], (name) => rawClone(world, source, name));
      const took = performance.now() - start;
      for (const name of names) await rawDrop(world, name);
      return took;
    }

    const alone = await interleave(
      { ours: () => ours(1, 1), floor: () => floor(1, 1) },
      { samples: world.samples(40, 8), warmups: 3, signal },
    );
    const each = 2;
    const rate = (took: number) => (each * requesters * 1000) / took;
    const crowd = await interleave(
      {
        ours: async () => rate(await ours(each, requesters)),
        floor: async () => rate(await floor(each, requesters)),
      },
      { samples: world.samples(12, 3), signal },
    );
    await driver.pruneTemplates([], 0);
    return [
      {
        what: 'database of a lab',
        unit: 'ms',
        ...alone,
        target: { kind: 'ratio', atMost: 1.15 },
        note: 'ours with three roles, their rights and its records; floor: CREATE DATABASE … TEMPLATE on an open connection',
      },
      {
        what: `databases a second, ${requesters} who ask`,
        unit: '/s',
        ...crowd,
        target: { kind: 'rate', atLeast: 1.4 },
      },
    ];
  },
};

/** Does the work for all items, so many at a time. */
async function sideBySide<T>(at: number, items: T[], work: (item: T) => Promise<void>): Promise<void> {
  const one = async () => {
    for (let item = items.shift(); item !== undefined; item = items.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: at }, one));
}
