import { expect, it } from 'vitest';
import { LabError } from '../../src/lab/errors.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { liveWorld } from './live-world.ts';

const store = () => createMemoryStore({ now: () => new Date() });

it('starts a component as soon as what it uses serves, whatever else is slow', async () => {
  const begun: string[] = [];
  const { promise: slow, resolve: serve } = Promise.withResolvers<void>();
  const making = liveWorld(store(), {
    async starts(component) {
      begun.push(component);
      if (component === 'workspace') await slow;
    },
  });
  await expect.poll(() => begun).toEqual(['database', 'workspace', 'api']);
  serve();
  expect((await (await making).snapshot()).lab?.phase).toBe('ready');
  expect(begun).toEqual(['database', 'workspace', 'api']);
});

it('starts nothing that uses one which does not serve, and keeps what does', async () => {
  const begun: string[] = [];
  const world = await liveWorld(store(), {
    async starts(component) {
      begun.push(component);
      if (component === 'database') throw new LabError('start_failed', 'no room');
    },
  });
  expect(begun).toEqual(['database', 'workspace']);
  const { sandbox } = await world.snapshot();
  expect(sandbox).toMatchObject({ failures: 1, lastError: expect.stringContaining('no room') });
  expect([...(world.backend.sandboxes.get(sandbox?.id ?? '')?.components.keys() ?? [])]).toEqual([
    'workspace',
  ]);
});
