/** What every PeopleStore promises: what people say beside the grader, and for help. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { AttemptStore, Mark, Override, PeopleStore } from '../../src/grading/types.ts';
import type { LabStore } from '../../src/lab/ports.ts';
import { codeOf, readyLab, type StoreHarness } from './store-contract.ts';

type Store = LabStore & AttemptStore & PeopleStore;

const bad = `nul ${String.fromCharCode(0)}`;
const good = 'nul \uFFFD';

function mark(checkId: string, fields: Partial<Mark> = {}): Omit<Mark, 'at'> {
  return { checkId, marks: { clear: 'half', correct: 'full' }, comment: null, by: 'ines', ...fields };
}

function override(checkId: string, fields: Partial<Override> = {}): Omit<Override, 'at'> {
  const said = { verdict: 'pass', points: 2.5, reason: 'it was us', by: 'ines' } as const;
  return { attempt: 1, checkId, ...said, ...fields };
}

export function peopleStoreContract(harness: StoreHarness<Store>): void {
  describe('as a PeopleStore', () => {
    let store: Store;
    beforeEach(async () => {
      store = await harness.fresh();
      await readyLab(store, 'lab');
      await store.requestAttempt('lab', { id: 'try', final: false, maxPoints: 5, everySeconds: 0 });
    });
    const events = async () =>
      (await store.eventsAfter('lab', 2, 100)).map(({ type, data }) => ({ type, data }));

    it('keeps the newest mark of each check, and tells it', async () => {
      const first = await store.putMark('lab', mark('prose', { comment: bad }));
      expect(first).toEqual({ ...mark('prose', { comment: good }), at: expect.any(Date) });
      await store.putMark('lab', mark('design'));
      const second = await store.putMark('lab', mark('prose', { marks: { clear: 'none' }, by: 'ivo' }));
      expect(await store.marks('lab')).toEqual([
        { ...mark('design'), at: expect.any(Date) },
        { ...mark('prose', { marks: { clear: 'none' }, by: 'ivo' }), at: second.at },
      ]);
      expect(await store.marks('nobody')).toEqual([]);
      expect((await events())[0]).toEqual({
        type: 'check.marked',
        data: { check: 'prose', by: 'ines' },
      });
      expect(await codeOf(store.putMark('nobody', mark('x')))).toMatchObject({ code: 'lab_not_found' });
    });

    it('forgets marks with progress, and overrides not', async () => {
      await store.putMark('lab', mark('prose'));
      await store.putOverride('lab', override('prose'));
      await store.transition('lab', 3, { forgetAnswers: true }, []);
      expect(await store.marks('lab')).toHaveLength(1);
      await store.transition('lab', 4, { forgetProgress: true }, []);
      expect(await store.marks('lab')).toEqual([]);
      expect(await store.overrides('lab')).toHaveLength(1);
    });

    it('keeps the newest override of each attempt and check, and tells it', async () => {
      await store.voidAttempt('try', 'again');
      await store.requestAttempt('lab', { id: 'more', final: false, maxPoints: 5, everySeconds: 0 });
      await store.putOverride('lab', override('b', { attempt: 2 }));
      await store.putOverride('lab', override('b'));
      await store.putOverride('lab', override('a'));
      const last = await store.putOverride('lab', override('b', { verdict: 'fail', points: 0, reason: bad }));
      expect(last).toEqual({
        ...override('b', { verdict: 'fail', points: 0, reason: good }),
        at: expect.any(Date),
      });
      const all = await store.overrides('lab');
      expect(all.map(({ attempt, checkId, verdict }) => [attempt, checkId, verdict])).toEqual([
        [1, 'a', 'pass'],
        [1, 'b', 'fail'],
        [2, 'b', 'pass'],
      ]);
      expect((await events()).at(-1)).toEqual({
        type: 'check.overridden',
        data: { attempt: 1, check: 'b', verdict: 'fail', points: 0, by: 'ines' },
      });
    });

    it('overrides no attempt that is not there, and tells nothing then', async () => {
      const before = await events();
      expect(await codeOf(store.putOverride('lab', override('a', { attempt: 9 })))).toMatchObject({
        code: 'attempt_not_found',
      });
      expect(await codeOf(store.putOverride('nobody', override('a')))).toMatchObject({
        code: 'lab_not_found',
      });
      expect(await events()).toEqual(before);
    });

    it('has one open request for help a lab: another message takes its place', async () => {
      const first = await store.askHelp('lab', { id: 'help-1', task: null, message: 'how?' });
      expect(first).toEqual({
        id: 'help-1',
        labId: 'lab',
        trainee: 'ada',
        templateId: 'first-steps',
        task: null,
        message: 'how?',
        askedAt: expect.any(Date),
        answer: null,
        answeredBy: null,
        answeredAt: null,
      });
      const second = await store.askHelp('lab', { id: 'help-2', task: 'warm-up', message: bad });
      expect(second).toMatchObject({ id: 'help-2', task: 'warm-up', message: good });
      expect(await store.listHelp({ limit: 10 })).toEqual([second]);
      expect(await store.answerHelp('lab', 'help-1', { text: 'so', by: 'ines' })).toBeNull();
      expect((await events()).at(-1)).toEqual({
        type: 'help.requested',
        data: { help: 'help-2', task: 'warm-up' },
      });
      expect(await codeOf(store.askHelp('nobody', { id: 'x', task: null, message: 'x' }))).toMatchObject({
        code: 'lab_not_found',
      });
    });

    it('keeps one of many requests that come at once', async () => {
      await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          store.askHelp('lab', { id: `help-${n}`, task: null, message: `message ${n}` }),
        ),
      );
      expect(await store.listHelp({ limit: 100 })).toHaveLength(1);
    });

    it('is answered once, by whoever is first, in its own lab', async () => {
      await store.askHelp('lab', { id: 'help', task: null, message: 'how?' });
      await readyLab(store, 'other');
      expect(await store.answerHelp('other', 'help', { text: 'so', by: 'ines' })).toBeNull();
      const answers = await Promise.all(
        ['ines', 'ivo', 'ida'].map((by) => store.answerHelp('lab', 'help', { text: `${by}: ${bad}`, by })),
      );
      const [answered] = answers.filter((one) => one !== null);
      expect(answers.filter((one) => one !== null)).toHaveLength(1);
      expect(answered).toMatchObject({ answer: `${answered?.answeredBy}: ${good}`, message: 'how?' });
      expect(answered?.answeredAt).toEqual(expect.any(Date));
      expect((await events()).filter(({ type }) => type === 'help.answered')).toEqual([
        { type: 'help.answered', data: { help: 'help', by: answered?.answeredBy } },
      ]);
      expect(await store.listHelp({ limit: 10 })).toEqual([answered]);
    });

    it('lists open ones first, oldest first, then the newest answered ones', async () => {
      const labs = ['a', 'b', 'c', 'd'];
      for (const id of labs) {
        await readyLab(store, id);
        await store.askHelp(id, { id: `help-${id}`, task: null, message: 'how?' });
        await harness.pass(0.01);
      }
      for (const id of ['d', 'b']) {
        await store.answerHelp(id, `help-${id}`, { text: 'so', by: 'ines' });
        await harness.pass(0.01);
      }
      const ids = async (query: Parameters<PeopleStore['listHelp']>[0]) =>
        (await store.listHelp(query)).map(({ id }) => id);
      expect(await ids({ limit: 10 })).toEqual(['help-a', 'help-c', 'help-b', 'help-d']);
      expect(await ids({ limit: 3 })).toEqual(['help-a', 'help-c', 'help-b']);
      expect(await ids({ limit: 10, open: true })).toEqual(['help-a', 'help-c']);
      expect(await ids({ limit: 10, open: false })).toEqual(['help-b', 'help-d']);
      expect(await ids({ limit: 10, labId: 'd' })).toEqual(['help-d']);
    });
  });
}
