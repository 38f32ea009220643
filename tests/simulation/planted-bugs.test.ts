/** A simulation that finds nothing proves something only when it would find what is wrong. */
import { expect, it } from 'vitest';
import type { SandboxOwner } from '../../src/lab/lab.ts';
import type { MemoryStore } from '../fakes/memory-store.ts';
import { isLiving } from '../fakes/memory-tables.ts';
import { sabotaged } from './histories.ts';

/** What is done by `change` to sandboxes of these owners is undone. */
async function spared<T>(
  { tables }: MemoryStore,
  owned: (owner: SandboxOwner) => boolean,
  change: () => Promise<T>,
): Promise<T> {
  const living = [...tables.sandboxes.values()].filter(
    ({ sandbox }) => sandbox.owner !== null && isLiving(sandbox) && owned(sandbox.owner),
  );
  const result = await change();
  for (const row of living) tables.sandboxes.set(row.sandbox.id, row);
  return result;
}

const bugs: Readonly<
  Record<string, { breaks: string; plant: (store: MemoryStore) => Partial<MemoryStore> }>
> = {
  'forks are not condemned when their attempt is finished': {
    breaks: 'outlives attempt:',
    plant: (store) => ({
      finishAttempt: (id, ...record) =>
        spared(
          store,
          (owner) => owner === `attempt:${id}`,
          () => store.finishAttempt(id, ...record),
        ),
    }),
  },
  'forks are not condemned when their attempt is started anew': {
    breaks: 'outlives attempt:',
    plant: (store) => ({
      startAttempt: (id, lease) =>
        spared(
          store,
          (owner) => owner === `attempt:${id}`,
          () => store.startAttempt(id, lease),
        ),
    }),
  },
  'a stale worker may record forks': {
    breaks: 'outlives attempt:',
    plant: (store) => ({
      startFork: (id, _, fork) => store.startFork(id, store.tables.attempts.get(id)?.fence ?? 0, fork),
    }),
  },
  'checkpoints are not condemned when their lab ends': {
    breaks: 'outlives checkpoint:',
    plant: (store) => ({
      transition: (id, version, change, events) =>
        spared(
          store,
          (owner) => change.phase === 'terminating' && owner.startsWith(`checkpoint:${id}/`),
          () => store.transition(id, version, change, events),
        ),
    }),
  },
  'snapshots are not condemned when their lab ends': {
    breaks: 'outlives snapshot:',
    plant: (store) => ({
      transition: (id, version, change, events) =>
        spared(
          store,
          (owner) => change.phase === 'terminating' && owner.startsWith(`snapshot:${id}/`),
          () => store.transition(id, version, change, events),
        ),
    }),
  },
  'what is done to a lab goes on while it is paused': {
    breaks: 'is paused, and',
    plant: (store) => ({
      async transition(id, version, change, events) {
        const before = [...store.tables.operations.values()].filter(
          ({ operation }) => operation.labId === id,
        );
        const moved = await store.transition(id, version, change, events);
        if (moved !== null && change.phase === 'paused') {
          for (const row of before) store.tables.operations.set(row.operation.id, row);
        }
        return moved;
      },
    }),
  },
  'a lab that ends goes before it is written down': {
    breaks: 'was written down',
    plant: (store) => ({
      transition(id, version, change, events) {
        const { sandbox } = change;
        const ends = change.phase === 'terminating' && sandbox !== undefined;
        const dead = ends
          ? { sandbox: { ...sandbox, change: { ...sandbox.change, state: 'dead' as const } } }
          : {};
        return store.transition(id, version, { ...change, ...dead }, events);
      },
    }),
  },
  'a step may always begin': {
    breaks: 'was done 2 times',
    plant: (store) => ({
      beginStep: async (...step) => {
        await store.beginStep(...step);
        return true;
      },
    }),
  },
  'a grade is recorded although the lab was reset': {
    breaks: 'was graded although',
    plant: (store) => ({
      async finishAttempt(id, fence, outcome) {
        const row = store.tables.attempts.get(id);
        const lab = store.tables.labs.get(row?.attempt.labId ?? '')?.lab;
        if (row === undefined || lab === undefined) return store.finishAttempt(id, fence, outcome);
        const rows = Object.entries(store.tables.sandboxOf(lab)?.components ?? {});
        const generations = Object.fromEntries(rows.map(([name, { generation }]) => [name, generation]));
        store.tables.attempts.set(id, { ...row, sandboxId: lab.sandboxId, generations });
        return store.finishAttempt(id, fence, outcome);
      },
    }),
  },
  'samples are taken of a holder that another one has replaced': {
    breaks: 'runs overlap',
    plant: (store) => ({
      keepSamples: (labId, _, runs) =>
        store.keepSamples(labId, store.tables.watches.get(labId)?.fence ?? 0, runs),
    }),
  },
  'samples are said to be kept and are not': {
    breaks: 'was lost',
    plant: (store) => ({
      keepSamples: (labId, fence) => store.keepSamples(labId, fence, []),
    }),
  },
  'a fault is told each time that a worker takes it up': {
    breaks: 'fired',
    plant: (store) => ({
      async startOperation(id, lease, events) {
        const again = store.tables.operations.get(id)?.operation.state === 'running';
        const work = await store.startOperation(id, lease, events);
        if (again && work !== null) await store.appendEvents(work.operation.labId, events);
        return work;
      },
    }),
  },
  'a fault begins beside an attempt that is to be alone': {
    breaks: 'which is to be alone',
    plant: (store) => ({
      async startOperation(id, lease, events) {
        const { attempts } = store.tables;
        const before = [...attempts];
        for (const [name, row] of before) attempts.set(name, { ...row, alone: false });
        const work = await store.startOperation(id, lease, events);
        for (const [name, { alone }] of before) {
          const row = attempts.get(name);
          if (row !== undefined) attempts.set(name, { ...row, alone });
        }
        return work;
      },
    }),
  },
  'what an earlier run did to a lab is not undone': {
    breaks: 'as it had disturbed it',
    plant: (store) => ({
      async startAttempt(id, lease) {
        const row = store.tables.attempts.get(id);
        if (row !== undefined) store.tables.attempts.set(id, { ...row, fence: 0 });
        return store.startAttempt(id, lease);
      },
    }),
  },
};

/** Each is found in a few dozen. */
const enough = 600;

it.each(Object.entries(bugs))('finds that %s', { timeout: 5 * 60_000 }, async (_, { breaks, plant }) => {
  const found: string[] = [];
  for (let seed = 1; seed <= enough && !found.some((what) => what.includes(breaks)); seed++) {
    found.push(...(await sabotaged(seed, (store) => ({ ...store, ...plant(store) }))));
  }
  expect(found.join('\n')).toContain(breaks);
});
