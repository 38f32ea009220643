/** What every ForkStore promises: sandboxes that live as long as their owner. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { AttemptStore } from '../../src/grading/types.ts';
import type { LabStore, OperationStore } from '../../src/lab/ports.ts';
import { newLab, newSandbox, readyLab, type StoreHarness, won } from './store-contract.ts';

type Store = LabStore & AttemptStore & OperationStore;

const ask = { final: false, maxPoints: 10, everySeconds: 0 };
const graded = { points: 0, penalty: 0, results: [], evidence: [] };
const origin = { sandboxId: 'box-of-lab', generations: { api: 2, database: 1 } };
const task = { kind: 'checkpoint', name: 'first', dueInSeconds: 0 } as const;
const checkpoint = 'lab/checkpoint/first';

export function forkStoreContract(harness: StoreHarness<Store>): void {
  describe('as a ForkStore', () => {
    let store: Store;
    beforeEach(async () => {
      store = await harness.fresh();
      await readyLab(store, 'lab');
    });
    const state = async (id: string) => (await store.getSandbox(id)).sandbox?.state ?? null;
    async function running(id: string): Promise<number> {
      const work = await store.startAttempt(id, 600);
      if (work === null) throw new Error('the attempt is not open');
      return work.fence;
    }
    async function attempt(id: string): Promise<number> {
      await store.requestAttempt('lab', { ...ask, id });
      return running(id);
    }
    async function keeping(): Promise<number> {
      const work = await store.startOperation(checkpoint, 600, []);
      if (work === null) throw new Error('the operation is not open');
      return work.fence;
    }

    it('records one for a running attempt, with where it comes from, before anything is made', async () => {
      const fence = await attempt('try');
      const made = await store.startFork('try', fence, newSandbox('fork', { origin }));
      expect(made).toMatchObject({
        id: 'fork',
        version: 1,
        state: 'building',
        labId: null,
        owner: 'attempt:try',
        origin,
      });
      expect(Object.keys(made?.components ?? {})).toEqual(['database', 'api']);
      expect(await store.getSandbox('fork')).toMatchObject({ lab: null, sandbox: made });
      expect((await store.startFork('try', fence, newSandbox('plain')))?.origin).toBeNull();
    });

    it('keeps where a lab’s own sandbox comes from', async () => {
      const change = { phase: 'provisioning' } as const;
      const moved = won(
        await store.startSandboxForLab('lab', 3, newSandbox('rewound', { origin }), change, []),
      );
      expect(moved.sandbox).toMatchObject({ id: 'rewound', labId: 'lab', owner: null, origin });
      expect(await state('box-of-lab')).toBe('dead');
    });

    it('records it once when asked twice', async () => {
      const fence = await attempt('try');
      const first = await store.startFork('try', fence, newSandbox('fork'));
      expect(await store.startFork('try', fence, newSandbox('fork'))).toEqual(first);
    });

    it('is neither a spare nor due while it lives, is counted nowhere, and is kept', async () => {
      const fence = await attempt('try');
      await store.startFork('try', fence, newSandbox('fork', { templateHash: 'of-the-fork' }));
      const up = await store.changeSandbox('fork', 1, { state: 'up', dueAt: new Date(0) });
      expect(up?.sandbox?.state).toBe('up');
      await store.startFork('try', fence, newSandbox('building'));
      expect(await store.listSpares()).toEqual([]);
      expect(await store.startSpare(newSandbox('spare'), 1)).not.toBeNull();
      await store.claimDue(100, 600);
      await store.holdDue('sandbox:fork', 0);
      await store.holdDue('sandbox:building', 0);
      expect(await store.claimDue(100, 600)).toEqual([]);
      await store.createLab(newLab('other', { templateHash: 'of-the-fork' }));
      expect(await store.claimSpare('other', 1, {}, [])).toBeNull();
      await store.transition('other', 1, { phase: 'terminated' }, []);
      expect(await store.livingTemplates()).toContain('of-the-fork');
      expect(await store.livingSandboxes(['fork', 'building'])).toEqual(new Set(['fork', 'building']));
    });

    it('refuses a stale fence, an attempt that does not run, and one that is not there', async () => {
      await store.requestAttempt('lab', { ...ask, id: 'try' });
      expect(await store.startFork('try', 0, newSandbox('too-early'))).toBeNull();
      const stale = await running('try');
      const newest = await running('try');
      expect(await store.startFork('try', stale, newSandbox('stale'))).toBeNull();
      expect(await store.startFork('nobody', 1, newSandbox('nobodys'))).toBeNull();
      await store.finishAttempt('try', newest, graded);
      expect(await store.startFork('try', newest, newSandbox('too-late'))).toBeNull();
      expect(await store.livingSandboxes(['too-early', 'stale', 'nobodys', 'too-late'])).toEqual(new Set());
    });

    it.each([
      ['is started anew', async () => void (await running('try'))],
      ['is finished', async (fence: number) => void (await store.finishAttempt('try', fence, graded))],
      ['is void', () => store.voidAttempt('try', 'not wanted')],
      [
        'is found stale when it is recorded',
        async (fence: number) => {
          await store.transition('lab', 3, { phase: 'terminating' }, []);
          await store.finishAttempt('try', fence, graded);
        },
      ],
    ])('are dead and due at once when their attempt %s', async (_, end) => {
      const fence = await attempt('try');
      await store.startFork('try', fence, newSandbox('one'));
      await store.startFork('try', fence, newSandbox('two'));
      await store.changeSandbox('two', 1, { state: 'up' });
      await end(fence);
      expect([await state('one'), await state('two')]).toEqual(['dead', 'dead']);
      const due = (await store.claimDue(100, 600)).filter((key) => key.startsWith('sandbox:'));
      expect([...due].sort().filter((key) => key !== 'sandbox:box-of-lab')).toEqual([
        'sandbox:one',
        'sandbox:two',
      ]);
      expect(await store.changeSandbox('two', 2, { state: 'up' })).toBeNull();
    });

    it('leaves those of another lab’s attempt alone', async () => {
      await readyLab(store, 'other');
      await store.requestAttempt('other', { ...ask, id: 'theirs' });
      await store.startFork('theirs', await running('theirs'), newSandbox('theirs'));
      const fence = await attempt('try');
      await store.startFork('try', fence, newSandbox('mine'));
      await store.finishAttempt('try', fence, graded);
      expect([await state('mine'), await state('theirs')]).toEqual(['dead', 'building']);
    });

    it('leaves none behind when its record races with a new start or the end', async () => {
      const fence = await attempt('try');
      const starts = Array.from({ length: 10 }, (_, n) =>
        store.startFork('try', fence, newSandbox(`fork-${n}`)),
      );
      const more = Array.from({ length: 10 }, (_, n) =>
        store.startFork('try', fence, newSandbox(`late-${n}`)),
      );
      const [made] = await Promise.all([
        Promise.all([...starts, ...more]),
        store.voidAttempt('try', 'raced'),
      ]);
      const ids = made.flatMap((one) => (one === null ? [] : [one.id]));
      expect(await store.livingSandboxes(ids)).toEqual(new Set());
    });

    it('may be given up early, and only what has an owner', async () => {
      const fence = await attempt('try');
      await store.startFork('try', fence, newSandbox('fork'));
      await store.endFork('fork');
      await store.endFork('fork');
      expect((await store.getSandbox('fork')).sandbox).toMatchObject({ state: 'dead', version: 2 });
      expect(await store.claimDue(10, 600)).toEqual(['sandbox:fork']);
      await store.changeSandbox('fork', 2, { state: 'gone' });
      await store.endFork('fork');
      await store.startSpare(newSandbox('spare'), 1);
      for (const id of ['box-of-lab', 'spare', 'nobody']) await store.endFork(id);
      expect([await state('fork'), await state('box-of-lab'), await state('spare')]).toEqual([
        'gone',
        'up',
        'building',
      ]);
    });

    describe('for checkpoints', () => {
      beforeEach(async () => {
        await store.plantOperation('lab', task);
      });

      it('keeps one for as long as the state is kept', async () => {
        const fence = await keeping();
        const kept = await store.startCheckpoint(checkpoint, fence, newSandbox('kept', { origin }));
        expect(kept).toMatchObject({ owner: 'checkpoint:lab/first', labId: null, origin, state: 'building' });
        const done = { state: 'done', detail: null, sandboxId: 'kept', events: [] } as const;
        expect(await store.finishOperation(checkpoint, fence, done)).toBe(true);
        expect(await store.listOperations('lab')).toMatchObject([{ state: 'done', sandboxId: 'kept' }]);
        await store.changeSandbox('kept', 1, { state: 'up' });
        expect(await store.listSpares()).toEqual([]);
        expect(await store.claimDue(10, 600)).toEqual([]);
        expect(await state('kept')).toBe('up');
      });

      it('refuses a stale fence and what is no checkpoint', async () => {
        const stale = await keeping();
        await keeping();
        expect(await store.startCheckpoint(checkpoint, stale, newSandbox('stale'))).toBeNull();
        await store.plantOperation('lab', { kind: 'fault', name: 'first', dueInSeconds: 0 });
        const fault = await store.startOperation('lab/fault/first', 600, []);
        expect(
          await store.startCheckpoint('lab/fault/first', fault?.fence ?? 0, newSandbox('fault')),
        ).toBeNull();
        expect(await store.startCheckpoint('nobody', 1, newSandbox('nobody'))).toBeNull();
      });

      it('gives up what an earlier fence began, what failed, and what was not kept', async () => {
        await store.startCheckpoint(checkpoint, await keeping(), newSandbox('begun'));
        const fence = await keeping();
        expect(await state('begun')).toBe('dead');
        await store.startCheckpoint(checkpoint, fence, newSandbox('left'));
        await store.startCheckpoint(checkpoint, fence, newSandbox('kept'));
        const done = { state: 'done', detail: null, sandboxId: 'kept', events: [] } as const;
        await store.finishOperation(checkpoint, fence, done);
        expect([await state('left'), await state('kept')]).toEqual(['dead', 'building']);

        await store.plantOperation('lab', { ...task, name: 'second' });
        const second = 'lab/checkpoint/second';
        const work = await store.startOperation(second, 600, []);
        await store.startCheckpoint(second, work?.fence ?? 0, newSandbox('failed'));
        const failed = { state: 'failed', detail: 'no disk', events: [] } as const;
        await store.finishOperation(second, work?.fence ?? 0, failed);
        expect([await state('failed'), await state('kept')]).toEqual(['dead', 'building']);
      });

      it.each([
        ['the lab ends', { phase: 'terminating' }],
        ['the lab ends at once', { phase: 'terminated' }],
        ['progress is forgotten', { forgetProgress: true }],
      ] as const)('gives them up, due at once, when %s', async (_, change) => {
        await readyLab(store, 'lab2');
        await store.plantOperation('lab2', task);
        const theirs = await store.startOperation('lab2/checkpoint/first', 600, []);
        await store.startCheckpoint('lab2/checkpoint/first', theirs?.fence ?? 0, newSandbox('theirs'));
        const fence = await keeping();
        await store.startCheckpoint(checkpoint, fence, newSandbox('kept'));
        const done = { state: 'done', detail: null, sandboxId: 'kept', events: [] } as const;
        await store.finishOperation(checkpoint, fence, done);
        won(await store.transition('lab', 3, change, []));
        expect([await state('kept'), await state('theirs')]).toEqual(['dead', 'building']);
        expect(await store.claimDue(100, 600)).toContain('sandbox:kept');
        expect(await store.startCheckpoint(checkpoint, fence, newSandbox('late'))).toBeNull();
      });

      it('leaves none behind when one is begun as the lab ends', async () => {
        const fence = await keeping();
        const starts = Array.from({ length: 10 }, (_, n) =>
          store.startCheckpoint(checkpoint, fence, newSandbox(`kept-${n}`)),
        );
        const [made] = await Promise.all([
          Promise.all(starts),
          store.transition('lab', 3, { phase: 'terminating' }, []),
        ]);
        const ids = made.flatMap((one) => (one === null ? [] : [one.id]));
        expect(await store.livingSandboxes(ids)).toEqual(new Set());
      });
    });
  });
}
