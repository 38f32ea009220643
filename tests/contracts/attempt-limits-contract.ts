/** What every AttemptStore promises of limits: counted in one transaction, also over the labs of a class. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Limits } from '../../src/grading/limits.ts';
import type { AttemptStore, CheckResult, Verdict } from '../../src/grading/types.ts';
import type { LabStore } from '../../src/lab/ports.ts';
import type { ClassStore, Due } from '../../src/lab/releases/types.ts';
import { codeOf, newLab, newSandbox, type StoreHarness } from './store-contract.ts';

type Store = LabStore & AttemptStore & ClassStore;

const hour = 3_600_000;

function judged(checkId: string, verdict: Verdict, points = verdict === 'pass' ? 1 : 0): CheckResult {
  const nothing = { message: null, internal: null, expectations: [], evidence: {}, durationMs: 1 };
  return { checkId, verdict, points, maxPoints: 2, ...nothing };
}

export function attemptLimitsContract(harness: StoreHarness<Store>): void {
  describe('limits', () => {
    let store: Store;
    let made: number;
    beforeEach(async () => {
      store = await harness.fresh();
      made = 0;
    });

    async function lab(id: string, group: string | null = null): Promise<string> {
      await store.createLab(newLab(id, { class: group }));
      await store.startSandboxForLab(id, 1, newSandbox(`box-${id}`), { phase: 'provisioning' }, []);
      const up = { version: 1, change: { state: 'up' } } as const;
      await store.transition(id, 2, { phase: 'ready', sandbox: up }, []);
      return id;
    }
    const ask = (id: string, limits?: Limits, final = false) =>
      store.requestAttempt(id, {
        id: `try-${++made}`,
        final,
        maxPoints: 10,
        everySeconds: 0,
        ...(limits === undefined ? {} : { limits }),
      });
    async function grade(id: string, limits: Limits | undefined, ...results: CheckResult[]): Promise<void> {
      const { id: attempt } = await ask(id, limits);
      const work = await store.startAttempt(attempt, 30);
      await store.finishAttempt(attempt, work?.fence ?? 0, { points: 1, penalty: 0, results, evidence: [] });
    }
    const fails = [judged('a', 'fail')];

    it('gives so many attempts on demand and no more, and always leaves handing in', async () => {
      const id = await lab('lab');
      const limits = { attempts: 2 };
      await grade(id, limits, ...fails);
      await grade(id, limits, ...fails);
      const refused = await codeOf(ask(id, limits));
      expect(refused).toMatchObject({ code: 'attempts_used_up', extra: { attempts: 2, left: 0 } });
      expect(await ask(id, limits, true)).toMatchObject({ final: true, number: 3 });
    });

    it('charges nobody for what we could not look at, for what is void, and for what others asked', async () => {
      const id = await lab('lab');
      const limits = { attempts: 1 };
      await grade(id, limits, judged('a', 'pass'), judged('b', 'error'));
      const thrown = await ask(id, limits);
      await store.voidAttempt(thrown.id, 'reset');
      await grade(id, undefined, ...fails);
      await grade(id, limits, ...fails);
      expect(await codeOf(ask(id, limits))).toMatchObject({ code: 'attempts_used_up' });
    });

    it('waits longer after each attempt in a row that gained nothing', async () => {
      const id = await lab('lab');
      const limits = { coolDown: { after: 2, forSeconds: 60 } };
      const wait = async () => (await codeOf(ask(id, limits))).retryAfterSeconds ?? 0;
      await grade(id, limits, ...fails);
      await grade(id, limits, ...fails);
      expect(await wait()).toBeGreaterThan(50);
      expect(await wait()).toBeLessThanOrEqual(60);
      await grade(id, undefined, ...fails);
      expect(await wait()).toBeLessThanOrEqual(60);
      expect(await ask(id, limits, true)).toMatchObject({ final: true });
    });

    it('does not wait while each attempt gains something', async () => {
      const id = await lab('lab');
      const limits = { coolDown: { after: 1, forSeconds: 60 } };
      await grade(id, limits, judged('a', 'fail', 0.5));
      await grade(id, limits, judged('a', 'pass'), judged('b', 'fail'));
      await grade(id, limits, judged('a', 'fail'), judged('b', 'pass', 2));
      await grade(id, limits, judged('a', 'pass'), judged('b', 'pass', 2));
      await grade(id, limits, judged('a', 'pass'), judged('b', 'pass', 2));
      expect(await codeOf(ask(id, limits))).toMatchObject({ code: 'too_soon', extra: { inVain: 1 } });
    });

    it('tells nothing of hidden checks by its pauses', async () => {
      const limits = { coolDown: { after: 2, forSeconds: 60 }, hidden: new Set(['secret']) };
      const asked = async (id: string, ...verdicts: Verdict[]) => {
        await lab(id);
        for (const verdict of verdicts) {
          await grade(id, limits, judged('a', 'fail'), judged('secret', verdict));
        }
        return ask(id, limits).then(
          () => 'allowed',
          ({ code }) => code,
        );
      };
      expect(await asked('gained', 'fail', 'pass')).toBe('too_soon');
      expect(await asked('not', 'fail', 'fail')).toBe('too_soon');
    });

    it('counts over all labs of a trainee in a class, and over one lab elsewhere', async () => {
      await store.putClass('k', { title: 'K', pins: {}, due: {} }, 'ines');
      const limits = { attempts: 1 };
      await grade(await lab('k-1', 'k'), limits, ...fails);
      expect(await codeOf(ask(await lab('k-2', 'k'), limits))).toMatchObject({ code: 'attempts_used_up' });
      await grade(await lab('alone-1'), limits, ...fails);
      await grade(await lab('alone-2'), limits, ...fails);
      const other = newLab('k-3', { class: 'k', trainee: 'bob' });
      await store.createLab(other);
      expect((await store.attemptHistory('k-3')).earlier).toEqual([]);
      expect((await store.attemptHistory('k-2')).earlier).toMatchObject([{ own: false, counted: true }]);
    });

    it('gives the last attempt to one of any number who take it at once', async () => {
      const limits = { attempts: 3 };
      const ids: string[] = [];
      for (let n = 0; n < 8; n++) ids.push(await lab(`k-${n}`, 'k'));
      await grade('k-0', limits, ...fails);
      await grade('k-0', limits, ...fails);
      const asked = await Promise.allSettled([...ids, ...ids].map((id) => ask(id, limits)));
      const refused = asked.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
      expect(refused).toHaveLength(15);
      expect(refused.filter((code) => code === 'attempts_used_up').length).toBeGreaterThanOrEqual(14);
    });

    it.each([
      ['accept', -hour, null],
      ['mark', -hour, 3_600],
      ['mark', hour, null],
      ['refuse', hour, null],
    ] as const)('takes late work as the class says: %s', async (late, from, lateSeconds) => {
      const due: Due = { at: new Date((await store.now()).getTime() + from), late };
      await store.putClass('k', { title: 'K', pins: {}, due: { 'first-steps': due } }, 'ines');
      const id = await lab('lab', 'k');
      expect((await store.attemptHistory(id)).due).toEqual(due);
      await grade(id, {}, ...fails);
      const given = (await ask(id, {}, true)).lateSeconds;
      if (lateSeconds === null) expect(given).toBeNull();
      else expect(given).toBeGreaterThanOrEqual(lateSeconds);
      expect((await store.getAttempt(id, 1))?.lateSeconds).toBeNull();
    });

    it('refuses late work where the class says so, but not to an instructor, whose word is marked', async () => {
      const due: Due = { at: new Date((await store.now()).getTime() - hour), late: 'refuse' };
      await store.putClass('k', { title: 'K', pins: {}, due: { 'first-steps': due } }, 'ines');
      const id = await lab('lab', 'k');
      expect(await codeOf(ask(id, {}, true))).toMatchObject({ code: 'past_due' });
      expect((await ask(id, undefined, true)).lateSeconds).toBeGreaterThanOrEqual(3_600);
    });

    it('has no history of a lab that is not there', async () => {
      expect(await codeOf(store.attemptHistory('nobody'))).toMatchObject({ code: 'lab_not_found' });
    });
  });
}
