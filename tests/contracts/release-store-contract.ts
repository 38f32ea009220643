/** What every ReleaseStore and ClassStore promises. Run by the in-memory one and by PostgreSQL's. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { LabStore, TemplateStore } from '../../src/lab/ports.ts';
import type { ClassStore, ReleaseStore } from '../../src/lab/releases/types.ts';
import { versionWith } from '../support/versions.ts';
import { newLab, type StoreHarness } from './store-contract.ts';

type Store = LabStore & ReleaseStore & ClassStore & TemplateStore;

const act = { by: 'ines', note: null };
const bad = `nul ${String.fromCharCode(0)}`;
const good = 'nul \uFFFD';

export function releaseStoreContract(harness: StoreHarness<Store>): void {
  describe('as a ReleaseStore', () => {
    let store: Store;
    beforeEach(async () => {
      store = await harness.fresh();
    });
    const standing = async (template = 't') => (await store.choice(template, null)).released;
    async function released(...hashes: readonly string[]): Promise<void> {
      for (const hash of hashes) {
        await harness.pass(0.005);
        await store.stage('t', hash, act);
        expect(await store.release('t', hash, act)).toMatchObject({ outcome: 'released', hash });
      }
    }

    it('has nothing for a template that was never released', async () => {
      expect(await store.choice('t', null)).toEqual({ released: null, pinned: null, classKnown: false });
      expect(await store.released()).toEqual([]);
      expect(await store.versions('t')).toEqual([]);
      expect(await store.rollBack('t', null, act)).toMatchObject({ outcome: 'never_released' });
      expect(await store.release('t', null, act)).toMatchObject({ outcome: 'nothing_staged' });
      expect(await store.release('t', 'a', act)).toMatchObject({ outcome: 'not_staged' });
    });

    it('releases what was staged last, once, and what is named', async () => {
      await store.stage('t', 'a', act);
      expect(await standing()).toBeNull();
      await harness.pass(0.005);
      await store.stage('t', 'b', act);
      expect(await store.release('t', null, act)).toEqual({ outcome: 'released', hash: 'b', before: null });
      expect(await store.release('t', null, act)).toMatchObject({ outcome: 'known', hash: 'b' });
      expect(await store.release('t', 'a', act)).toEqual({ outcome: 'released', hash: 'a', before: 'b' });
      expect(await store.release('t', null, act)).toMatchObject({ outcome: 'nothing_staged' });
      expect(await standing()).toBe('a');
      expect(await standing('other')).toBeNull();
      expect(await store.released()).toEqual([{ templateId: 't', hash: 'a' }]);
    });

    it('goes back one release at a time, as far as there is one before', async () => {
      await released('a', 'b', 'c');
      expect(await store.rollBack('t', null, act)).toEqual({
        outcome: 'rolled_back',
        hash: 'b',
        before: 'c',
      });
      await released('d');
      expect(await store.rollBack('t', 'd', act)).toMatchObject({ hash: 'b' });
      expect(await store.rollBack('t', null, act)).toMatchObject({ hash: 'a', before: 'b' });
      expect(await store.rollBack('t', null, act)).toMatchObject({ outcome: 'no_earlier' });
      expect(await standing()).toBe('a');
    });

    it('does not withdraw another than was meant', async () => {
      await released('a', 'b', 'c');
      await store.rollBack('t', 'c', act);
      expect(await store.rollBack('t', 'c', act)).toMatchObject({ outcome: 'moved', hash: 'b' });
      expect(await standing()).toBe('b');
    });

    it('releases nothing again that was rolled back, unless it is named or staged anew', async () => {
      await released('a', 'b');
      await store.rollBack('t', null, act);
      expect(await store.release('t', null, act)).toMatchObject({ outcome: 'nothing_staged' });
      expect(await store.release('t', 'b', act)).toMatchObject({ outcome: 'released' });
      await store.rollBack('t', null, act);
      await harness.pass(0.005);
      await store.stage('t', 'b', act);
      expect(await store.release('t', null, act)).toMatchObject({ outcome: 'released', hash: 'b' });
    });

    it('tells of each version how far it came, by whom and why, and who lives on it', async () => {
      await released('a', 'b');
      await harness.pass(0.005);
      await store.stage('t', 'c', { by: bad, note: bad });
      await harness.pass(0.005);
      await store.release('t', 'c', { by: 'ivo', note: 'term 2' });
      await harness.pass(0.005);
      await store.rollBack('t', null, { by: 'ida', note: 'broken' });
      await harness.pass(0.005);
      await store.stage('t', 'd', { by: bad, note: bad });
      for (const [n, templateHash] of ['a', 'a', 'x'].entries()) {
        await store.createLab(newLab(`lab-${n}`, { templateId: 't', templateHash }));
      }
      await store.transition('lab-0', 1, { phase: 'terminated' }, []);
      await store.putClass('k', { title: 'K', pins: { t: 'a' }, due: {} }, 'ines');
      const rows = await store.versions('t');
      expect(rows.map(({ hash, stage, by, note }) => ({ hash, stage, by, note }))).toEqual([
        { hash: 'd', stage: 'staged', by: good, note: good },
        { hash: 'c', stage: 'withdrawn', by: 'ida', note: 'broken' },
        { hash: 'b', stage: 'released', by: 'ines', note: null },
        { hash: 'a', stage: 'replaced', by: 'ines', note: null },
        { hash: 'x', stage: 'draft', by: null, note: null },
      ]);
      expect(rows.map(({ labs }) => labs)).toEqual([0, 0, 0, 1, 1]);
      expect(rows.map(({ classes }) => classes)).toEqual([[], [], [], ['k'], []]);
      expect(rows.map(({ since }) => since instanceof Date)).toEqual([true, true, true, true, false]);
    });

    it('finds kept versions by the beginning of their hash', async () => {
      for (const hash of ['abcd1', 'abcd2', 'b%_d3']) await store.save(versionWith('t', hash));
      await store.save(versionWith('u', 'abcd9'));
      expect(await store.find('t', 'abc')).toEqual(['abcd1', 'abcd2']);
      expect(await store.find('t', 'abcd2')).toEqual(['abcd2']);
      expect(await store.find('t', '%')).toEqual([]);
    });

    it('releases one after the other, and rolls none back twice, whoever comes first', async () => {
      await released('a', 'b');
      for (const hash of ['c', 'd']) await store.stage('t', hash, act);
      await Promise.all([...'cdcdcd'].map((hash) => store.release('t', hash, act)));
      const top = await standing();
      const backs = await Promise.all(Array.from({ length: 8 }, () => store.rollBack('t', top, act)));
      expect(backs.filter(({ outcome }) => outcome === 'rolled_back')).toHaveLength(1);
      expect(await standing()).not.toBe(top);
    });

    it('never gives anything but what was released while releases and rollbacks race', async () => {
      await released('a', 'b');
      await store.stage('t', 'c', act);
      const seen: (string | null)[] = [];
      let racing = true;
      const looking = (async () => {
        while (racing) seen.push(await standing());
      })();
      const outcomes = await Promise.all(
        Array.from({ length: 30 }, (_, n) =>
          n % 2 === 0 ? store.release('t', 'c', act) : store.rollBack('t', 'c', act),
        ),
      );
      racing = false;
      await looking;
      expect(seen.every((hash) => hash === 'b' || hash === 'c')).toBe(true);
      const count = (word: string) => outcomes.filter(({ outcome }) => outcome === word).length;
      // Each rollback undid one release, so what stands says how many more there were.
      expect(count('released') - count('rolled_back')).toBe((await standing()) === 'c' ? 1 : 0);
    });
  });

  describe('as a ClassStore', () => {
    let store: Store;
    beforeEach(async () => {
      store = await harness.fresh();
    });

    it('keeps a class as it was put last', async () => {
      const at = new Date('2026-05-01T12:00:00Z');
      const facts = { title: bad, pins: { t: 'a', u: 'b' }, due: { t: { at, late: 'mark' } } } as const;
      const first = { ...facts, id: 'k', title: good, labs: 0, changedAt: expect.any(Date), changedBy: good };
      expect(await store.putClass('k', facts, bad)).toEqual(first);
      await store.createLab(newLab('lab-1', { class: 'k' }));
      expect(await store.getClass('k')).toEqual({ ...first, labs: 1 });
      expect((await store.getLab('lab-1')).lab?.class).toBe('k');
      await store.putClass('b', { title: 'B', pins: {}, due: {} }, 'ines');
      await store.putClass('k', { title: 'K', pins: { u: 'c' }, due: {} }, 'ivo');
      expect(await store.listClasses()).toMatchObject([
        { id: 'b', title: 'B', pins: {}, due: {} },
        { id: 'k', title: 'K', pins: { u: 'c' }, due: {}, changedBy: 'ivo' },
      ]);
      expect(await store.getClass('none')).toBeNull();
    });

    it('gives a class its pin, and others what is released', async () => {
      await store.stage('t', 'b', act);
      await store.release('t', null, act);
      await store.putClass('k', { title: 'K', pins: { t: 'a' }, due: {} }, 'ines');
      expect(await store.choice('t', 'k')).toEqual({ released: 'b', pinned: 'a', classKnown: true });
      expect(await store.choice('u', 'k')).toEqual({ released: null, pinned: null, classKnown: true });
      expect(await store.choice('t', 'other')).toEqual({ released: 'b', pinned: null, classKnown: false });
      expect(await store.pinned()).toEqual(['a']);
      expect(await store.livingTemplates()).toContain('a');
    });

    it('deletes a class and leaves its labs', async () => {
      await store.putClass('k', { title: 'K', pins: { t: 'a' }, due: {} }, 'ines');
      await store.createLab(newLab('lab-1', { class: 'k' }));
      await store.createLab(newLab('lab-2'));
      expect(await store.deleteClass('k')).toBe(true);
      expect(await store.deleteClass('k')).toBe(false);
      expect(await store.pinned()).toEqual([]);
      const { items } = await store.listLabs({ class: 'k', limit: 10 });
      expect(items.map(({ lab }) => lab.id)).toEqual(['lab-1']);
    });
  });
}
