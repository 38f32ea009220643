/** What every OperationStore promises: work on a live lab that is never done twice. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { AttemptOutcome, AttemptStore } from '../../src/grading/types.ts';
import type { LabEvent } from '../../src/lab/lab.ts';
import type { LabStore, NewOperation, OperationStore, OperationWork } from '../../src/lab/ports.ts';
import { codeOf, newLab, newSandbox, readyLab, type StoreHarness, won } from './store-contract.ts';

type Store = LabStore & OperationStore & AttemptStore;

const fired: LabEvent = { type: 'fault.fired', data: { fault: 'outage' } };
const over: LabEvent = { type: 'fault.done', data: { fault: 'outage' } };
const done = { state: 'done', detail: null, events: [over] } as const;
const id = 'lab/fault/outage';

function fault(name: string, dueInSeconds: number | null = null): NewOperation {
  return { kind: 'fault', name, dueInSeconds };
}

export function operationStoreContract(harness: StoreHarness<Store>): void {
  describe('as an OperationStore', () => {
    let store: Store;
    beforeEach(async () => {
      store = await harness.fresh();
      await readyLab(store, 'lab');
    });
    const types = async () => (await store.eventsAfter('lab', 1, 100)).map((event) => event.type);
    const states = async () =>
      (await store.listOperations('lab')).map(({ name, state }) => `${name} ${state}`);
    async function started(operation = id): Promise<OperationWork> {
      const work = await store.startOperation(operation, 600, [fired]);
      if (work === null) throw new Error('the operation is not open');
      return work;
    }

    describe('planting', () => {
      it('begins to wait, for its time or to be triggered', async () => {
        expect(await store.plantOperation('lab', fault('outage', 0.2))).toBe(true);
        expect(await store.plantOperation('lab', fault('later'))).toBe(true);
        expect(await store.listOperations('lab')).toEqual([
          {
            id,
            labId: 'lab',
            kind: 'fault',
            name: 'outage',
            state: 'waiting',
            begun: 0,
            saved: {},
            sandboxId: null,
            startedAt: null,
            finishedAt: null,
            detail: null,
          },
          expect.objectContaining({ id: 'lab/fault/later', state: 'waiting' }),
        ]);
        expect(await store.claimDue(10, 600)).toEqual([]);
        await harness.pass(0.25);
        expect(await store.claimDue(10, 600)).toEqual([`operation:${id}`]);
        expect(await store.claimDue(10, 600)).toEqual([]);
      });

      it('knows one of each kind and name a lab, also under a race', async () => {
        const planted = await Promise.all(
          Array.from({ length: 20 }, () => store.plantOperation('lab', fault('outage', 600))),
        );
        expect(planted.filter(Boolean)).toHaveLength(1);
        expect(await store.plantOperation('lab', { ...fault('outage'), kind: 'skip' })).toBe(true);
        await readyLab(store, 'other');
        expect(await store.plantOperation('other', fault('outage'))).toBe(true);
        await started();
        expect(await store.plantOperation('lab', fault('outage'))).toBe(false);
        expect(await states()).toEqual(['outage running', 'outage waiting']);
      });

      it('refuses a lab that has ended or is not there', async () => {
        expect(await codeOf(store.plantOperation('nobody', fault('x')))).toMatchObject({
          code: 'lab_not_found',
        });
        await store.transition('lab', 3, { phase: 'terminating' }, []);
        expect(await codeOf(store.plantOperation('lab', fault('x')))).toMatchObject({ code: 'lab_ended' });
      });

      it('is part of a lab’s move: both or neither, and what is there stays', async () => {
        await store.createLab(newLab('young'));
        const plant = [fault('b', 600), fault('a', 0)];
        expect(await store.transition('young', 7, { plant }, [])).toBeNull();
        expect(await store.listOperations('young')).toEqual([]);
        won(await store.transition('young', 1, { plant }, []));
        expect((await store.listOperations('young')).map((one) => one.name)).toEqual(['b', 'a']);
        expect(await store.claimDue(10, 600)).toContain('operation:young/fault/a');
        won(await store.transition('young', 2, { plant: [fault('a', 0), fault('c')] }, []));
        expect((await store.listOperations('young')).map((one) => one.name)).toEqual(['b', 'a', 'c']);
        expect(await store.claimDue(10, 600)).toEqual([]);
      });
    });

    describe('triggering', () => {
      beforeEach(async () => {
        await store.plantOperation('lab', fault('outage'));
      });

      it('makes a waiting one due now', async () => {
        expect(await store.triggerOperation(id)).toBe(true);
        expect(await store.claimDue(10, 600)).toEqual([`operation:${id}`]);
      });

      it('does nothing to one that does not wait, or is not there', async () => {
        await started();
        expect(await store.triggerOperation(id)).toBe(false);
        const { fence } = await started();
        await store.finishOperation(id, fence, done);
        expect(await store.triggerOperation(id)).toBe(false);
        expect(await store.triggerOperation('nobody')).toBe(false);
        expect(await store.claimDue(10, 600)).toEqual([]);
      });
    });

    describe('beside an attempt that needs the lab for itself', () => {
      const request = { id: 'try', final: false, maxPoints: 1, everySeconds: 0 };
      const dueSoon = async (key: string) => {
        expect(await store.claimDue(10, 600)).not.toContain(key);
        await harness.pass(1.1);
        expect(await store.claimDue(10, 600)).toContain(key);
      };
      beforeEach(async () => {
        await store.plantOperation('lab', fault('outage', 0));
      });

      it('waits while that runs, and goes on after it', async () => {
        await store.requestAttempt('lab', { ...request, alone: true });
        const attempt = await store.startAttempt('try', 600);
        expect(attempt).not.toBeNull();
        expect(await store.startOperation(id, 600, [fired])).toBeNull();
        expect(await types()).not.toContain('fault.fired');
        await dueSoon(`operation:${id}`);
        // Also when another worker has to grade it anew.
        expect(await store.startAttempt('try', 600)).not.toBeNull();
        await store.voidAttempt('try', 'over');
        expect(await store.startOperation(id, 600, [fired])).not.toBeNull();
      });

      it('is waited for while it runs, also by one that takes it over', async () => {
        const work = await started();
        await store.requestAttempt('lab', { ...request, alone: true });
        expect(await store.startAttempt('try', 600)).toBeNull();
        expect((await store.getAttempt('lab', 1))?.state).toBe('queued');
        await dueSoon('attempt:try');
        const again = await started();
        expect(again.fence).toBeGreaterThan(work.fence);
        expect(await store.startAttempt('try', 600)).toBeNull();
        await store.finishOperation(id, again.fence, done);
        expect(await store.startAttempt('try', 600)).toMatchObject({ fence: 1 });
      });

      it('never runs together with it, whoever is first', async () => {
        await store.requestAttempt('lab', { ...request, alone: true });
        const both = [store.startAttempt('try', 600), store.startOperation(id, 600, [])];
        expect((await Promise.all<unknown>(both)).filter((work) => work !== null)).toHaveLength(1);
      });

      it('runs beside any other, and beside one of another lab', async () => {
        await readyLab(store, 'other');
        await store.requestAttempt('other', { ...request, id: 'theirs', alone: true });
        expect(await store.startAttempt('theirs', 600)).not.toBeNull();
        await store.requestAttempt('lab', request);
        expect(await store.startAttempt('try', 600)).not.toBeNull();
        expect(await store.startOperation(id, 600, [fired])).not.toBeNull();
      });
    });

    describe('running', () => {
      beforeEach(async () => {
        await store.plantOperation('lab', fault('outage', 0));
      });

      it('is started with its event once, however many workers start it', async () => {
        const works = await Promise.all(
          Array.from({ length: 10 }, () => store.startOperation(id, 600, [fired])),
        );
        const fences = works.map((work) => work?.fence ?? 0);
        expect(new Set(fences).size).toBe(10);
        expect(Math.min(...fences)).toBeGreaterThan(0);
        expect(works[0]?.operation).toMatchObject({
          state: 'running',
          begun: 0,
          startedAt: expect.any(Date),
        });
        expect(new Set(works.map((work) => work?.operation.startedAt?.getTime())).size).toBe(1);
        expect(await types()).toEqual(['fault.fired']);
        const begun = await Promise.all(fences.map((fence) => store.beginStep(id, fence, 0, {})));
        expect(begun.map((one, n) => (one ? fences[n] : 0)).filter(Boolean)).toEqual([Math.max(...fences)]);
      });

      it('is due again when the lease of its worker ends', async () => {
        await store.claimDue(10, 600);
        await store.startOperation(id, 0.2, []);
        expect(await store.claimDue(10, 600)).toEqual([]);
        await harness.pass(0.25);
        expect(await store.claimDue(10, 600)).toEqual([`operation:${id}`]);
        await store.holdDue(`operation:${id}`, 0);
        expect(await store.claimDue(10, 600)).toEqual([`operation:${id}`]);
        await store.holdDue('operation:nobody', 0);
      });

      it('begins a step exactly once of 20 concurrent tries', async () => {
        const { fence } = await started();
        const begun = await Promise.all(
          Array.from({ length: 20 }, () => store.beginStep(id, fence, 0, { rows: 3 })),
        );
        expect(begun.filter(Boolean)).toHaveLength(1);
        expect((await store.listOperations('lab'))[0]).toMatchObject({ begun: 1, saved: { rows: 3 } });
      });

      it('tells the next worker which steps were begun and what they saved', async () => {
        const first = await started();
        const bad = `nul ${String.fromCharCode(0)}`;
        expect(await store.beginStep(id, first.fence, 0, {})).toBe(true);
        expect(await store.beginStep(id, first.fence, 1, { id: 7, bad })).toBe(true);
        const second = await started();
        expect(second.fence).toBeGreaterThan(first.fence);
        expect(second.operation).toMatchObject({ begun: 2, saved: { id: 7, bad: 'nul \uFFFD' } });
        expect(second.operation.startedAt).toEqual(first.operation.startedAt);
        expect(await store.beginStep(id, first.fence, 2, {})).toBe(false);
        expect(await store.beginStep(id, second.fence, 1, {})).toBe(false);
        expect(await store.beginStep(id, second.fence, 2, {})).toBe(true);
        expect(await store.beginStep('nobody', 1, 0, {})).toBe(false);
      });

      it('records its end once, and by the newest fence only', async () => {
        const stale = await started();
        const newest = await started();
        expect(await store.finishOperation(id, stale.fence, { ...done, state: 'failed' })).toBe(false);
        const both = await Promise.all([
          store.finishOperation(id, newest.fence, done),
          store.finishOperation(id, newest.fence, done),
          store.finishOperation(id, stale.fence, { ...done, state: 'failed' }),
        ]);
        expect(both).toEqual([true, true, false]);
        expect(await types()).toEqual(['fault.fired', 'fault.done']);
        expect((await store.listOperations('lab'))[0]).toMatchObject({
          state: 'done',
          detail: null,
          finishedAt: expect.any(Date),
        });
        expect(await store.startOperation(id, 600, [fired])).toBeNull();
        expect(await store.beginStep(id, newest.fence, 5, {})).toBe(false);
        await store.holdDue(`operation:${id}`, 0);
        expect(await store.claimDue(10, 600)).toEqual([]);
        expect(await store.finishOperation('nobody', 1, done)).toBe(false);
      });

      it('records why it failed, and keeps no sandbox then', async () => {
        const { fence } = await started();
        const failed = {
          state: 'failed',
          detail: 'step 2: no such table',
          sandboxId: 'x',
          events: [],
        } as const;
        await store.finishOperation(id, fence, failed);
        expect((await store.listOperations('lab'))[0]).toMatchObject({
          state: 'failed',
          detail: 'step 2: no such table',
          sandboxId: null,
        });
      });

      it('makes those due that wait for it, of its own lab', async () => {
        await readyLab(store, 'other');
        for (const lab of ['lab', 'other']) await store.plantOperation(lab, fault('next'));
        await store.plantOperation('lab', fault('unnamed'));
        await store.claimDue(10, 600);
        const { fence } = await started();
        const trigger = ['lab/fault/next', 'other/fault/next', 'lab/fault/nobody'];
        await store.finishOperation(id, fence, { ...done, trigger });
        expect(await store.claimDue(10, 600)).toEqual(['operation:lab/fault/next']);
      });

      it('waits for its lab to be ready', async () => {
        const { fence } = await started();
        const rewound = { phase: 'provisioning' } as const;
        won(await store.startSandboxForLab('lab', 3, newSandbox('again'), rewound, []));
        expect(await store.startOperation(id, 600, [])).toBeNull();
        expect(await store.beginStep(id, fence, 0, {})).toBe(false);
        won(await store.transition('lab', 4, { phase: 'ready' }, []));
        expect(await store.beginStep(id, fence, 0, {})).toBe(true);
        expect(await store.startOperation('nobody', 600, [])).toBeNull();
      });
    });

    describe('with its lab', () => {
      beforeEach(async () => {
        for (const name of ['outage', 'second', 'third', 'fourth']) {
          await store.plantOperation('lab', fault(name, name === 'third' ? 0.2 : null));
        }
      });

      it('is never due once that has ended, and what runs has failed', async () => {
        const { fence } = await started();
        const second = await started('lab/fault/second');
        await store.finishOperation('lab/fault/second', second.fence, done);
        won(await store.transition('lab', 3, { phase: 'terminating' }, []));
        expect(await states()).toEqual(['outage failed', 'second done', 'third waiting', 'fourth waiting']);
        expect((await store.listOperations('lab'))[0]).toMatchObject({
          detail: 'The lab ended.',
          finishedAt: expect.any(Date),
        });
        expect(await store.beginStep(id, fence, 0, {})).toBe(false);
        expect(await store.finishOperation(id, fence, done)).toBe(false);
        expect(await store.startOperation('lab/fault/third', 600, [])).toBeNull();
        expect(await store.triggerOperation('lab/fault/fourth')).toBe(false);
        for (const name of ['outage', 'third', 'fourth'])
          await store.holdDue(`operation:lab/fault/${name}`, 0);
        await harness.pass(0.25);
        const due = await store.claimDue(10, 600);
        expect(due.filter((key) => key.startsWith('operation:'))).toEqual([]);
        expect(await types()).not.toContain('fault.failed');
      });

      it('waits anew when progress is forgotten, and fences off whoever runs it', async () => {
        const running = await started();
        await store.beginStep(id, running.fence, 0, { rows: 1 });
        const third = await started('lab/fault/third');
        await store.finishOperation('lab/fault/third', third.fence, done);
        won(await store.transition('lab', 3, { forgetProgress: true }, []));
        expect(await states()).toEqual([
          'outage waiting',
          'second waiting',
          'third waiting',
          'fourth waiting',
        ]);
        expect((await store.listOperations('lab'))[0]).toMatchObject({
          begun: 0,
          saved: {},
          startedAt: null,
          finishedAt: null,
        });
        expect(await store.beginStep(id, running.fence, 1, {})).toBe(false);
        expect(await store.finishOperation(id, running.fence, done)).toBe(false);
        expect(await store.claimDue(10, 600)).toEqual([]);
        await harness.pass(0.25);
        expect(await store.claimDue(10, 600)).toEqual(['operation:lab/fault/third']);
        const again = await started();
        expect(again.fence).toBeGreaterThan(running.fence);
        expect(await store.beginStep(id, again.fence, 0, {})).toBe(true);
      });

      it('lets faults wait anew that fired since a moment, and no others', async () => {
        const early = await started('lab/fault/third');
        await store.finishOperation('lab/fault/third', early.fence, done);
        await harness.pass(0.25);
        const since = await store.now();
        const late = await started();
        won(await store.transition('lab', 3, { rearmFaultsSince: since }, []));
        expect(await states()).toEqual(['outage waiting', 'second waiting', 'third done', 'fourth waiting']);
        expect(await store.beginStep(id, late.fence, 0, {})).toBe(false);
        const again = await started();
        expect(await store.beginStep(id, again.fence, 0, {})).toBe(true);
      });

      it('forgets what was done for somebody, and lets it be planted again without the old fence', async () => {
        const skip = { kind: 'skip', name: 'task', dueInSeconds: 0 } as const;
        await store.plantOperation('lab', skip);
        const work = await started('lab/skip/task');
        won(await store.transition('lab', 3, { forgetProgress: true, plant: [skip] }, []));
        expect(await store.finishOperation('lab/skip/task', work.fence, done)).toBe(false);
        const again = await started('lab/skip/task');
        expect(again.fence).toBeGreaterThan(work.fence);
        expect(await store.beginStep('lab/skip/task', work.fence, 0, {})).toBe(false);
        expect(await store.beginStep('lab/skip/task', again.fence, 0, {})).toBe(true);
      });

      it('is either finished or failed with the lab, never both, when they race', async () => {
        const { fence } = await started();
        const [finished, moved] = await Promise.all([
          store.finishOperation(id, fence, done),
          store.transition('lab', 3, { phase: 'terminating' }, []),
        ]);
        expect(moved).not.toBeNull();
        expect((await states())[0]).toBe(finished ? 'outage done' : 'outage failed');
        expect((await types()).includes('fault.done')).toBe(finished);
      });
    });

    describe('beside attempts', () => {
      const outcome: AttemptOutcome = {
        points: 1,
        penalty: 0,
        results: [],
        evidence: [],
        plant: [{ kind: 'checkpoint', name: 'task', dueInSeconds: 0 }],
        trigger: ['lab/fault/outage', 'other/fault/outage'],
      };
      beforeEach(async () => {
        await readyLab(store, 'other');
        await store.plantOperation('lab', fault('outage'));
        await store.plantOperation('other', fault('outage'));
        await store.requestAttempt('lab', { id: 'try', final: false, maxPoints: 1, everySeconds: 0 });
        await store.claimDue(100, 600);
      });

      it('plants and triggers with the record of one', async () => {
        const work = await store.startAttempt('try', 600);
        expect(await store.finishAttempt('try', work?.fence ?? 0, outcome)).toBe(true);
        expect((await store.claimDue(10, 600)).toSorted()).toEqual([
          'operation:lab/checkpoint/task',
          'operation:lab/fault/outage',
        ]);
      });

      it('does neither for one that is fenced off or void', async () => {
        const stale = await store.startAttempt('try', 600);
        const newest = await store.startAttempt('try', 600);
        await store.finishAttempt('try', stale?.fence ?? 0, outcome);
        won(await store.claimSpare('lab', 3, {}, []).then(async (spare) => spare ?? swap()));
        await store.finishAttempt('try', newest?.fence ?? 0, outcome);
        expect((await store.getAttempt('lab', 1))?.state).toBe('void');
        expect(await states()).toEqual(['outage waiting']);
        const due = await store.claimDue(10, 600);
        expect(due.filter((key) => key.startsWith('operation:'))).toEqual([]);
      });

      function swap() {
        return store.startSandboxForLab('lab', 3, newSandbox('swapped'), {}, []);
      }
    });
  });
}
