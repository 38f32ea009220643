import { describe, expect, it } from 'vitest';
import { defaultPolicy } from '../../src/lab/policy.ts';
import { servedTemplates } from '../../src/lab/releases/served-templates.ts';
import { createStock } from '../../src/lab/stock.ts';
import { createMemoryQueue } from '../fakes/memory-queue.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { sampleVersion } from '../http/sample-version.ts';

async function world() {
  let time = 0;
  let made = 0;
  const version = sampleVersion();
  const { hash } = version;
  const { id: templateId } = version.template;
  const store = createMemoryStore({ now: () => new Date(time) });
  const quota = { perTrainee: 1, global: 1 };
  const lab = {
    id: 'lab-1',
    trainee: 'ann',
    templateId,
    templateHash: hash,
    backend: 'process',
    seed: 's',
  } as const;
  await store.createLab({ ...lab, ttlSeconds: 3600, maxSeconds: 3600, idempotency: null, quota });
  const drafts = { list: async () => [version], load: async () => version, problems: async () => [] };
  const id = () => `id-${++made}`;
  const stock = createStock({
    labs: store,
    templates: servedTemplates({ drafts, releases: store, templateStore: store, nearest: () => null }),
    templateStore: store,
    queue: createMemoryQueue(),
    ids: { lab: id, sandbox: id, attempt: id, help: id, seed: id },
    policy: { ...defaultPolicy, spares: 1 },
    backends: new Set(['process'] as const),
  });
  return {
    store,
    version,
    stock,
    /** Whether there is a spare once so many seconds more have passed. */
    async sparesAfter(seconds: number) {
      time += seconds * 1_000;
      await stock.keep();
      return (await store.listSpares()).length;
    },
    async fail() {
      for (const { id: spare, version: at } of await store.listSpares())
        await store.changeSandbox(spare, at, { state: 'dead' });
      stock.failed(hash);
    },
  };
}

describe('the stock', () => {
  it('waits longer after each spare that fails, and briefly again once spares have worked for long', async () => {
    const { sparesAfter, fail } = await world();
    expect(await sparesAfter(0)).toBe(1);
    await fail();
    expect([await sparesAfter(0), await sparesAfter(4), await sparesAfter(2)]).toEqual([0, 0, 1]);
    await fail();
    expect([await sparesAfter(0), await sparesAfter(6), await sparesAfter(5)]).toEqual([0, 0, 1]);
    expect(await sparesAfter(11 * 60)).toBe(1);
    await fail();
    expect([await sparesAfter(0), await sparesAfter(6)]).toEqual([0, 1]);
  });

  it('makes what people would get: what is released, and what each class is pinned to', async () => {
    const { store, version, stock } = await world();
    const { id } = version.template;
    const spares = async () => {
      await stock.keep();
      return (await store.listSpares()).map((one) => one.templateHash).sort();
    };
    expect(await spares()).toEqual([version.hash]);
    for (const hash of ['older', 'oldest']) await store.save({ ...version, hash });
    await store.stage(id, 'older', { by: 'ines', note: null });
    expect(await spares()).toEqual([version.hash]);
    await store.release(id, 'older', { by: 'ines', note: null });
    expect(await spares()).toEqual(['older']);
    await store.putClass('k', { title: 'K', pins: { [id]: 'oldest' }, due: {} }, 'ines');
    const quota = { perTrainee: 9, global: 9 };
    const wish = { trainee: 'bob', templateId: id, templateHash: 'oldest', class: 'k', seed: 's' };
    const times = { ttlSeconds: 3600, maxSeconds: 3600 };
    await store.createLab({ id: 'lab-2', backend: 'process', ...wish, ...times, idempotency: null, quota });
    expect(await spares()).toEqual(['older', 'oldest']);
    await store.deleteClass('k');
    expect(await spares()).toEqual(['older']);
  });
});
