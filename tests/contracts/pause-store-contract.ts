/** What every store promises of labs that are paused, and of states of labs that people keep. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { AttemptStore } from '../../src/grading/types.ts';
import type { LabPhase, PauseReason } from '../../src/lab/lab.ts';
import type { LabChange, LabStore, OperationStore, WatchStore } from '../../src/lab/ports.ts';
import { codeOf, newSandbox, readyLab, type StoreHarness, won } from './store-contract.ts';

type Store = LabStore & AttemptStore & OperationStore & WatchStore;

const ask = { final: false, maxPoints: 10, everySeconds: 0 };
const graded = { points: 0, penalty: 0, results: [], evidence: [] };
const saved = { note: 'before', by: 'ada', of: 'box' };
const done = { state: 'done', detail: null, events: [] } as const;
const failed = { state: 'failed', detail: 'no room', events: [] } as const;
const snapshot = 'lab/snapshot/one';

export function pauseStoreContract(harness: StoreHarness<Store>): void {
  describe('of labs at rest', () => {
    let store: Store;
    beforeEach(async () => {
      store = await harness.fresh();
      await readyLab(store, 'lab');
    });
    const version = async () => (await store.getLab('lab')).lab?.version ?? 0;
    async function move(phase: LabPhase, more: Partial<LabChange> = {}) {
      return store.transition('lab', await version(), { phase, ...more }, []);
    }
    const pause = (because: PauseReason = 'asked') => move('paused', { pausedBecause: because });
    const state = async (id: string) => (await store.getSandbox(id)).sandbox?.state ?? null;
    const due = async () => (await store.claimDue(50, 600)).filter((key) => !key.startsWith('lab:'));

    describe('of labs that are paused', () => {
      it('knows why a lab is paused for as long as it is', async () => {
        expect(won(await pause('idle')).lab).toMatchObject({ phase: 'paused', pausedBecause: 'idle' });
        expect(won(await move('resuming')).lab.pausedBecause).toBe('idle');
        expect(won(await move('ready')).lab).toMatchObject({ phase: 'ready', pausedBecause: null });
        await pause();
        expect(won(await move('terminating')).lab.pausedBecause).toBeNull();
      });

      it('pauses none that is graded, or of which a state is kept', async () => {
        await store.requestAttempt('lab', { ...ask, id: 'try' });
        expect(await pause()).toBeNull();
        const work = await store.startAttempt('try', 600);
        expect(await pause()).toBeNull();
        await store.finishAttempt('try', work?.fence ?? 0, graded);
        await store.plantSnapshot('lab', { name: 'one', saved }, 3);
        const keeping = await store.startOperation(snapshot, 600, []);
        expect(await pause()).toBeNull();
        await store.finishOperation(snapshot, keeping?.fence ?? 0, done);
        expect(await pause()).not.toBeNull();
      });

      it('takes no attempts of one, and says what to do', async () => {
        await pause();
        const refused = await codeOf(store.requestAttempt('lab', { ...ask, id: 'try' }));
        expect(refused).toMatchObject({ code: 'lab_not_ready' });
        expect(refused.message).toContain('resume it first');
      });

      it('lets what waits for a time wait on for as long as was left', async () => {
        await store.plantOperation('lab', { kind: 'fault', name: 'soon', dueInSeconds: 1 });
        await store.plantOperation('lab', { kind: 'fault', name: 'pressed', dueInSeconds: null });
        await pause();
        await harness.pass(1.2);
        expect(await due()).toEqual([]);
        expect(await store.startOperation('lab/fault/soon', 600, [])).toBeNull();
        await move('resuming');
        expect(await due()).toEqual([]);
        await move('ready');
        expect(await due()).toEqual([]);
        await harness.pass(1.2);
        expect(await due()).toEqual(['operation:lab/fault/soon']);
      });

      it('takes a fault from the worker that is in the midst of it, and gives it to one when the lab goes on', async () => {
        await store.plantOperation('lab', { kind: 'fault', name: 'outage', dueInSeconds: 0 });
        const work = await store.startOperation('lab/fault/outage', 600, []);
        await store.beginStep('lab/fault/outage', work?.fence ?? 0, 0, {});
        await pause();
        expect(await store.beginStep('lab/fault/outage', work?.fence ?? 0, 1, {})).toBe(false);
        expect(await store.finishOperation('lab/fault/outage', work?.fence ?? 0, failed)).toBe(false);
        await store.holdDue('operation:lab/fault/outage', 0);
        expect(await due()).toEqual([]);
        await move('resuming');
        await move('ready');
        await harness.pass(0.01);
        expect((await store.startOperation('lab/fault/outage', 600, []))?.operation.begun).toBe(1);
      });

      it('keeps what becomes due in a paused lab until it goes on', async () => {
        await store.plantOperation('lab', { kind: 'fault', name: 'pressed', dueInSeconds: null });
        await pause();
        expect(await store.triggerOperation('lab/fault/pressed')).toBe(true);
        await store.plantOperation('lab', { kind: 'skip', name: 'first', dueInSeconds: 0 });
        await harness.pass(0.01);
        expect(await due()).toEqual([]);
        await move('resuming');
        await move('ready');
        await harness.pass(0.01);
        expect((await due()).sort()).toEqual(['operation:lab/fault/pressed', 'operation:lab/skip/first']);
      });

      it('takes no samples of one, and none from whom it watched before', async () => {
        await store.transition('lab', await version(), { watch: true }, []);
        const before = await store.startWatching('lab', 600);
        await pause();
        expect(await store.startWatching('lab', 600)).toBeNull();
        expect(await store.keepSamples('lab', before?.fence ?? 0, [])).toBe(false);
        await move('resuming');
        await move('ready', { watch: true });
        expect(await store.keepSamples('lab', before?.fence ?? 0, [])).toBe(false);
        expect(await store.startWatching('lab', 600)).not.toBeNull();
      });

      it('leaves nothing due of one that ends', async () => {
        await store.plantOperation('lab', { kind: 'fault', name: 'soon', dueInSeconds: 0.1 });
        await pause();
        await move('terminating');
        await harness.pass(0.2);
        expect(await due()).toEqual([]);
      });
    });

    describe('of labs that are used', () => {
      it('notes it without a change that others would run into, and not more often than is of use', async () => {
        const first = won(await pause()).lab;
        await store.touch('lab');
        expect((await store.getLab('lab')).lab?.activeAt).toEqual(first.activeAt);
        await store.touch('nobody');
        expect(await version()).toBe(first.version);
      });

      it('counts the end of a pause as a use', async () => {
        const first = (await store.getLab('lab')).lab?.activeAt.getTime() ?? 0;
        await pause();
        await harness.pass(0.05);
        await move('resuming');
        expect(won(await move('ready')).lab.activeAt.getTime()).toBeGreaterThan(first);
      });

      it('pauses none for being left alone that was used since', async () => {
        const { lab } = await store.getLab('lab');
        const before = new Date((lab?.activeAt.getTime() ?? 0) - 1);
        expect(await move('paused', { pausedBecause: 'idle', unlessUsedSince: before })).toBeNull();
        const since = lab?.activeAt ?? before;
        expect(await move('paused', { pausedBecause: 'idle', unlessUsedSince: since })).not.toBeNull();
      });
    });

    describe('of snapshots', () => {
      const take = (name: string, most = 3) => store.plantSnapshot('lab', { name, saved }, most);
      async function keep(name: string, sandbox: string): Promise<void> {
        await take(name);
        const id = `lab/snapshot/${name}`;
        const work = await store.startOperation(id, 600, []);
        await store.startCheckpoint(id, work?.fence ?? 0, newSandbox(sandbox));
        await store.finishOperation(id, work?.fence ?? 0, { ...done, sandboxId: sandbox });
      }
      const names = async () => (await store.listOperations('lab')).map(({ name }) => name);

      it('keeps one of a name, and no more than may be', async () => {
        const all = await Promise.all([take('one'), take('one'), take('one')]);
        expect(all.sort()).toEqual(['known', 'known', 'planted']);
        expect(await take('two', 1)).toBe('too_many');
        expect(await take('one', 1)).toBe('known');
        expect(await take('two', 2)).toBe('planted');
        const [first] = await store.listOperations('lab');
        expect(first).toMatchObject({ kind: 'snapshot', name: 'one', state: 'waiting', saved });
        expect(await codeOf(store.plantSnapshot('nobody', { name: 'one', saved }, 3))).toMatchObject({
          code: 'lab_not_found',
        });
      });

      it('owns what it is made of until it is deleted', async () => {
        await keep('one', 'box-one');
        expect(await state('box-one')).toBe('building');
        expect((await store.getSandbox('box-one')).sandbox?.owner).toBe('snapshot:lab/one');
        const told = { type: 'snapshot.deleted', data: { snapshot: 'one' } } as const;
        const before = await version();
        expect(await store.deleteSnapshot('lab', 'one', [told])).toBe('deleted');
        expect(await state('box-one')).toBe('dead');
        expect(await version()).toBe(before + 1);
        expect((await store.eventsAfter('lab', 0, 100)).at(-1)).toMatchObject(told);
        expect(await store.deleteSnapshot('lab', 'one', [told])).toBe('unknown');
      });

      it('leaves nothing of one that failed, or that was deleted while it was made', async () => {
        await take('one');
        const first = (await store.startOperation(snapshot, 600, []))?.fence ?? 0;
        await store.startCheckpoint(snapshot, first, newSandbox('box-one'));
        expect(await store.finishOperation(snapshot, first, failed)).toBe(true);
        expect([await names(), await state('box-one')]).toEqual([[], 'dead']);
        await take('one');
        const second = (await store.startOperation(snapshot, 600, []))?.fence ?? 0;
        await store.startCheckpoint(snapshot, second, newSandbox('box-two'));
        expect(await store.deleteSnapshot('lab', 'one', [])).toBe('deleted');
        expect(await store.finishOperation(snapshot, second, { ...done, sandboxId: 'box-two' })).toBe(false);
        expect(await store.startCheckpoint(snapshot, second, newSandbox('box-three'))).toBeNull();
        expect([await names(), await state('box-two')]).toEqual([[], 'dead']);
      });

      it('gives up what a worker had begun that was replaced', async () => {
        await take('one');
        const first = (await store.startOperation(snapshot, 600, []))?.fence ?? 0;
        await store.startCheckpoint(snapshot, first, newSandbox('box-one'));
        const second = (await store.startOperation(snapshot, 600, []))?.fence ?? 0;
        expect(await state('box-one')).toBe('dead');
        expect(await store.startCheckpoint(snapshot, first, newSandbox('late'))).toBeNull();
        await store.startCheckpoint(snapshot, second, newSandbox('box-two'));
        await store.finishOperation(snapshot, second, { ...done, sandboxId: 'box-two' });
        expect(await state('box-two')).toBe('building');
      });

      it('outlives a reset, and not its lab', async () => {
        await keep('one', 'box-one');
        await store.transition('lab', await version(), { forgetProgress: true, forgetAnswers: true }, []);
        expect([await names(), await state('box-one')]).toEqual([['one'], 'building']);
        await move('terminating');
        expect(await state('box-one')).toBe('dead');
      });

      it('is kept for as long as its lab is being made from it', async () => {
        await keep('one', 'box-one');
        const origin = { sandboxId: 'box-one', generations: { database: 1, api: 1 } };
        const phase = { phase: 'provisioning' } as const;
        await store.startSandboxForLab('lab', await version(), newSandbox('back', { origin }), phase, []);
        expect(await store.deleteSnapshot('lab', 'one', [])).toBe('in_use');
        expect(await state('box-one')).toBe('building');
        await move('ready');
        expect(await store.deleteSnapshot('lab', 'one', [])).toBe('deleted');
      });
    });
  });
}
