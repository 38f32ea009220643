/** What every AttemptStore promises. Run by the in-memory one and by PostgreSQL's. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { AttemptOutcome, AttemptStore, AttemptWork, CheckResult } from '../../src/grading/types.ts';
import type { LabStore } from '../../src/lab/ports.ts';
import type { ClassStore } from '../../src/lab/releases/types.ts';
import { attemptLimitsContract } from './attempt-limits-contract.ts';
import { codeOf, newLab, newSandbox, type StoreHarness, stockSpare, won } from './store-contract.ts';

type Store = LabStore & AttemptStore & ClassStore;

const ask = { final: false, maxPoints: 10, everySeconds: 0 };

function result(checkId: string, fields: Partial<CheckResult> = {}): CheckResult {
  return {
    checkId,
    verdict: 'pass',
    points: 4,
    maxPoints: 5,
    message: null,
    internal: null,
    expectations: [{ met: true, points: 4 }],
    evidence: { rows: 'address-1' },
    durationMs: 12.5,
    looks: [{ name: 'rows', at: '2026-03-01T09:00:00.000Z', durationMs: 3 }],
    ...fields,
  };
}

function outcome(...results: CheckResult[]): AttemptOutcome {
  const evidence = [
    { address: 'address-2', bytes: Uint8Array.of(0, 255, 10) },
    { address: 'address-1', bytes: Uint8Array.of(1, 2, 3) },
  ];
  return { points: 7.5, penalty: 0.5, results, evidence };
}

export function attemptStoreContract(harness: StoreHarness<Store>): void {
  describe('as an AttemptStore', () => {
    let store: Store;
    beforeEach(async () => {
      store = await harness.fresh();
      await store.createLab(newLab('lab'));
      await store.startSandboxForLab('lab', 1, newSandbox('box'), { phase: 'provisioning' }, []);
      const up = { version: 1, change: { state: 'up' } } as const;
      await store.transition('lab', 2, { phase: 'ready', sandbox: up }, []);
      await store.claimDue(100, 600);
    });
    const types = async () => (await store.eventsAfter('lab', 1, 100)).map((event) => event.type);
    async function started(id: string): Promise<AttemptWork> {
      const work = await store.startAttempt(id, 30);
      if (work === null) throw new Error('the attempt is not open');
      return work;
    }

    describe('asking', () => {
      it('queues an attempt at the lab’s sandbox and generations, due at once', async () => {
        const attempt = await store.requestAttempt('lab', { ...ask, id: 'try-1' });
        expect(attempt).toMatchObject({
          id: 'try-1',
          labId: 'lab',
          number: 1,
          final: false,
          state: 'queued',
          templateHash: 'hash-1',
          startedAt: null,
          points: null,
          maxPoints: 10,
          penalty: 0,
          results: [],
        });
        expect(await store.claimDue(10, 30)).toEqual(['attempt:try-1']);
        expect(await store.eventsAfter('lab', 1, 10)).toMatchObject([
          { type: 'attempt.requested', data: { attempt: 1, final: false } },
        ]);
        const work = await started('try-1');
        expect(work).toMatchObject({ fence: 1, sandboxId: 'box', generations: { database: 1, api: 1 } });
        expect(work.attempt).toMatchObject({ state: 'running', startedAt: expect.any(Date) });
        expect(await store.getAttempt('lab', 1)).toEqual(work.attempt);
        expect(await store.getAttempt('lab', 2)).toBeNull();
        expect(await store.getAttempt('nobody', 1)).toBeNull();
      });

      it('has one open attempt a lab, also under a race', async () => {
        const results = await Promise.allSettled(
          Array.from({ length: 20 }, (_, n) => store.requestAttempt('lab', { ...ask, id: `try-${n}` })),
        );
        const refused = results.filter((one) => one.status === 'rejected').map((one) => one.reason.code);
        expect(refused).toEqual(Array.from({ length: 19 }, () => 'attempt_running'));
        expect(await store.listAttempts('lab')).toHaveLength(1);
        expect(await types()).toEqual(['attempt.requested']);
      });

      it('is not asked more often than allowed, and says when again', async () => {
        await store.requestAttempt('lab', { ...ask, id: 'try-1' });
        await store.voidAttempt('try-1', 'not wanted');
        const refusal = await codeOf(store.requestAttempt('lab', { ...ask, id: 'try-2', everySeconds: 30 }));
        expect(refusal).toMatchObject({ code: 'too_soon', retryAfterSeconds: 30 });
        await harness.pass(0.3);
        expect(await store.requestAttempt('lab', { ...ask, id: 'try-2', everySeconds: 0.25 })).toMatchObject({
          number: 2,
        });
      });

      it('refuses a lab that is not ready, has ended, or is not there', async () => {
        await store.createLab(newLab('young'));
        const code = async (labId: string) =>
          (await codeOf(store.requestAttempt(labId, { ...ask, id: 'x' }))).code;
        expect(await code('young')).toBe('lab_not_ready');
        expect(await code('nobody')).toBe('lab_not_found');
        await store.transition('lab', 3, { phase: 'terminating' }, []);
        expect(await code('lab')).toBe('lab_ended');
      });

      it('gives the known attempt for the same id', async () => {
        const first = await store.requestAttempt('lab', { ...ask, id: 'try-1' });
        expect(await store.requestAttempt('lab', { ...ask, id: 'try-1' })).toEqual(first);
        expect(await types()).toEqual(['attempt.requested']);
      });
    });

    attemptLimitsContract(harness);

    describe('recording', () => {
      beforeEach(async () => {
        await store.requestAttempt('lab', { ...ask, id: 'try-1' });
      });

      it('records results, evidence, progress and events at once', async () => {
        const { fence } = await started('try-1');
        const bad = `trainee's ${String.fromCharCode(0)} and \ud800`;
        const results = [
          result('first', { passedBefore: true }),
          result('second', { verdict: 'fail', points: 0, message: bad, internal: bad, passedBefore: false }),
        ];
        expect(await store.finishAttempt('try-1', fence, outcome(...results))).toBe(true);
        const attempt = await store.getAttempt('lab', 1);
        expect(attempt).toMatchObject({
          state: 'finished',
          points: 7.5,
          penalty: 0.5,
          finishedAt: expect.any(Date),
        });
        const good = "trainee's \uFFFD and \uFFFD";
        expect(attempt?.results).toEqual([results[0], { ...results[1], message: good, internal: good }]);
        expect(await store.evidence('address-1')).toEqual(Uint8Array.of(1, 2, 3));
        expect(await store.evidence('address-2')).toEqual(Uint8Array.of(0, 255, 10));
        expect(await store.evidence('nowhere')).toBeNull();
        expect(await store.progress('lab')).toMatchObject([{ checkId: 'first', points: 4 }]);
        expect(await types()).toEqual([
          'attempt.requested',
          'attempt.started',
          'check.judged',
          'check.judged',
          'attempt.finished',
        ]);
        await store.holdDue('attempt:try-1', 0);
        expect(await store.claimDue(10, 30)).toEqual([]);
      });

      it('takes the record of the newest fence only, and once', async () => {
        const stale = await started('try-1');
        const newest = await started('try-1');
        expect(newest.fence).toBeGreaterThan(stale.fence);
        expect(await store.finishAttempt('try-1', stale.fence, outcome(result('stale')))).toBe(false);
        expect((await store.getAttempt('lab', 1))?.state).toBe('running');
        expect(await store.evidence('address-1')).toBeNull();
        const both = await Promise.all([
          store.finishAttempt('try-1', newest.fence, outcome(result('first'))),
          store.finishAttempt('try-1', newest.fence, outcome(result('first'))),
          store.finishAttempt('try-1', stale.fence, outcome(result('stale'))),
        ]);
        expect(both).toEqual([true, true, false]);
        expect((await store.getAttempt('lab', 1))?.results).toEqual([result('first')]);
        expect((await types()).filter((type) => type === 'attempt.finished')).toHaveLength(1);
        expect((await types()).filter((type) => type === 'attempt.started')).toHaveLength(1);
        expect(await store.startAttempt('try-1', 30)).toBeNull();
        expect(await store.finishAttempt('nobody', 1, outcome())).toBe(false);
      });

      it('becomes due again when its lease ends', async () => {
        await store.startAttempt('try-1', 0.2);
        expect(await store.claimDue(10, 30)).toEqual([]);
        await harness.pass(0.25);
        expect(await store.claimDue(10, 30)).toEqual(['attempt:try-1']);
      });

      it.each([
        [
          'a component was reset',
          'api',
          async () => {
            const { sandbox } = await store.getLab('lab');
            const api = { generation: 2, observed: 'unknown', servedGeneration: 1, detail: null } as const;
            const components = { ...sandbox?.components, api };
            await store.transition('lab', 3, { sandbox: { version: 2, change: { components } } }, []);
          },
        ],
        [
          'another sandbox serves the lab',
          'reset',
          async () => {
            await stockSpare(store, 'spare');
            won(await store.claimSpare('lab', 3, {}, []));
          },
        ],
        [
          'the lab ended',
          'ended',
          async () => {
            won(await store.transition('lab', 3, { phase: 'terminating' }, []));
          },
        ],
      ])('is void when %s meanwhile', async (_, reason, meddle) => {
        const { fence } = await started('try-1');
        await meddle();
        expect(await store.finishAttempt('try-1', fence, outcome(result('first')))).toBe(true);
        const attempt = await store.getAttempt('lab', 1);
        expect(attempt).toMatchObject({ state: 'void', points: null, results: [] });
        expect(attempt?.voidReason).toContain(reason);
        expect(await store.progress('lab')).toEqual([]);
        expect(await store.evidence('address-1')).toBeNull();
        expect((await types()).at(-1)).toBe('attempt.void');
      });

      it('is graded or void, never both, when a reset races with the record', async () => {
        const { fence } = await started('try-1');
        const { sandbox } = await store.getLab('lab');
        const api = { generation: 2, observed: 'unknown', servedGeneration: 1, detail: null } as const;
        const components = { ...sandbox?.components, api };
        const [, moved] = await Promise.all([
          store.finishAttempt('try-1', fence, outcome(result('first'))),
          store.transition('lab', 3, { sandbox: { version: 2, change: { components } } }, []),
        ]);
        expect(moved).not.toBeNull();
        const state = (await store.getAttempt('lab', 1))?.state;
        expect(['finished', 'void']).toContain(state);
        expect(await store.progress('lab')).toHaveLength(state === 'finished' ? 1 : 0);
      });

      it('can be voided while it is open, and not after', async () => {
        await store.voidAttempt('try-1', 'The lab ended.');
        expect(await store.getAttempt('lab', 1)).toMatchObject({
          state: 'void',
          voidReason: 'The lab ended.',
        });
        await store.voidAttempt('try-1', 'again');
        await store.voidAttempt('nobody', 'again');
        expect((await types()).filter((type) => type === 'attempt.void')).toHaveLength(1);
        expect(await store.startAttempt('try-1', 30)).toBeNull();
      });

      it('keeps the first time that a check passed, until progress is forgotten', async () => {
        await store.finishAttempt('try-1', (await started('try-1')).fence, outcome(result('first')));
        const [before] = await store.progress('lab');
        await harness.pass(0.01);
        await store.requestAttempt('lab', { ...ask, id: 'try-2' });
        const next = outcome(result('first', { points: 5 }), result('second'));
        await store.finishAttempt('try-2', (await started('try-2')).fence, next);
        const progress = await store.progress('lab');
        expect(progress.map((one) => one.checkId)).toEqual(['first', 'second']);
        expect(progress[0]).toEqual(before);
        expect((await store.listAttempts('lab')).map((one) => one.number)).toEqual([1, 2]);
        await store.transition('lab', 3, { forgetProgress: true }, []);
        expect(await store.progress('lab')).toEqual([]);
      });
    });

    it('records one final grade', async () => {
      await store.requestAttempt('lab', { ...ask, id: 'last', final: true });
      await store.finishAttempt('last', (await started('last')).fence, outcome(result('first')));
      expect(await codeOf(store.requestAttempt('lab', { ...ask, id: 'more', final: true }))).toMatchObject({
        code: 'conflict',
        extra: { attempt: 1 },
      });
      expect(await store.requestAttempt('lab', { ...ask, id: 'more' })).toMatchObject({
        number: 2,
        final: false,
      });
    });

    it('may be asked for a final grade again when the first became void', async () => {
      await store.requestAttempt('lab', { ...ask, id: 'last', final: true });
      await store.voidAttempt('last', 'reset');
      expect(await store.requestAttempt('lab', { ...ask, id: 'more', final: true })).toMatchObject({
        number: 2,
      });
    });

    it('keeps the latest answer to each question', async () => {
      await store.putAnswer('lab', 'name', 'ada');
      await store.putAnswer('lab', 'count', 42.5);
      await store.putAnswer('lab', 'name', `bob ${String.fromCharCode(0)}`);
      await store.putAnswer('lab', 'which', ['b', 'a', String.fromCharCode(0)]);
      expect(await store.answers('lab')).toEqual({
        name: 'bob \uFFFD',
        count: 42.5,
        which: ['b', 'a', '\uFFFD'],
      });
      expect(await store.answers('nobody')).toEqual({});
      expect(await codeOf(store.putAnswer('nobody', 'name', 'x'))).toMatchObject({ code: 'lab_not_found' });
      await store.transition('lab', 3, { forgetProgress: true }, []);
      expect(Object.keys(await store.answers('lab'))).toHaveLength(3);
      await store.transition('lab', 4, { forgetAnswers: true }, []);
      expect(await store.answers('lab')).toEqual({});
    });

    it('gives out hints in order, never more than there are, also under a race', async () => {
      expect(await store.takeHint('lab', 'first', 3)).toBe(1);
      const taken = await Promise.all(Array.from({ length: 5 }, () => store.takeHint('lab', 'first', 3)));
      expect(Math.max(...taken)).toBe(3);
      expect(await store.takeHint('lab', 'none', 0)).toBe(0);
      expect(await store.takeHint('lab', 'second', 1)).toBe(1);
      expect(await store.hintsTaken('lab')).toEqual({ first: 3, second: 1 });
      expect(await codeOf(store.takeHint('nobody', 'first', 1))).toMatchObject({ code: 'lab_not_found' });
    });
  });
}
