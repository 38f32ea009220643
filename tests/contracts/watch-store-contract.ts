/** What every WatchStore promises: samples of a lab, written by one holder at a time. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { WatchRun } from '../../src/lab/lab.ts';
import type { LabStore, WatchStore } from '../../src/lab/ports.ts';
import { newSandbox, readyLab, type StoreHarness, won } from './store-contract.ts';

type Store = LabStore & WatchStore;

const noon = Date.UTC(2026, 0, 1, 12);

/** Seconds after noon. */
function at(seconds: number): Date {
  return new Date(noon + seconds * 1000);
}

function run(from: number, to: number, fields: Partial<WatchRun> = {}): WatchRun {
  const seen = { good: true, value: { status: 200 }, detail: null };
  return { watchId: 'up', from: at(from), to: at(to), count: to - from + 1, ...seen, ...fields };
}

export function watchStoreContract(harness: StoreHarness<Store>): void {
  describe('as a WatchStore', () => {
    let store: Store;
    beforeEach(async () => {
      store = await harness.fresh();
      await readyLab(store, 'lab');
    });
    async function watching(labId = 'lab'): Promise<number> {
      const held = await store.startWatching(labId, 600);
      if (held === null) throw new Error('the lab has no watches');
      return held.fence;
    }
    const kept = (since: Date | null = null) => store.watchRuns('lab', 'up', since);

    it('has nothing to watch in a lab without watches, or that is not there', async () => {
      expect(await store.startWatching('lab', 600)).toBeNull();
      expect(await store.startWatching('nobody', 600)).toBeNull();
      expect(await store.keepSamples('lab', 0, [run(0, 1)])).toBe(false);
      expect(await kept()).toEqual([]);
    });

    it('is due from the move that begins it, and again when its holder’s lease ends', async () => {
      expect(await store.transition('lab', 9, { watch: true }, [])).toBeNull();
      expect(await store.startWatching('lab', 600)).toBeNull();
      won(await store.transition('lab', 3, { watch: true }, []));
      expect(await store.claimDue(10, 600)).toEqual(['watch:lab']);
      expect(await store.claimDue(10, 600)).toEqual([]);
      await store.startWatching('lab', 0.2);
      await harness.pass(0.25);
      expect(await store.claimDue(10, 600)).toEqual(['watch:lab']);
      await store.holdDue('watch:lab', 0);
      expect(await store.claimDue(10, 600)).toEqual(['watch:lab']);
      await store.holdDue('watch:nobody', 0);
    });

    describe('that is watched', () => {
      beforeEach(async () => {
        won(await store.transition('lab', 3, { watch: true }, []));
        await store.claimDue(10, 600);
      });

      it('keeps runs as they were seen, oldest first', async () => {
        const fence = await watching();
        const bad = run(4, 6, { good: false, value: null, detail: `refused ${String.fromCharCode(0)}` });
        const other = run(0, 9, { watchId: 'fast', value: [1, 'x', null] });
        expect(await store.keepSamples('lab', fence, [bad, run(0, 3), other])).toBe(true);
        expect(await kept()).toEqual([run(0, 3), { ...bad, detail: 'refused \uFFFD' }]);
        expect(await store.watchRuns('lab', 'fast', null)).toEqual([other]);
        expect(await store.watchRuns('lab', 'nothing', null)).toEqual([]);
        expect(await store.watchRuns('nobody', 'up', null)).toEqual([]);
      });

      it('lets a run grow that has the same beginning, and begins another one beside it', async () => {
        const fence = await watching();
        await store.keepSamples('lab', fence, [run(0, 3)]);
        const grown = run(0, 8, { value: { status: 204 } });
        await store.keepSamples('lab', fence, [grown, run(9, 9, { good: false, detail: 'down' })]);
        await store.keepSamples('lab', fence, [run(0, 5), run(30, 31)]);
        expect(await kept()).toEqual([grown, run(9, 9, { good: false, detail: 'down' }), run(30, 31)]);
      });

      it('reads what ends at or after a time', async () => {
        const fence = await watching();
        await store.keepSamples('lab', fence, [run(0, 3), run(4, 6), run(7, 9)]);
        expect(await kept(at(6))).toEqual([run(4, 6), run(7, 9)]);
        expect(await kept(at(6.5))).toEqual([run(7, 9)]);
        expect(await kept(at(10))).toEqual([]);
      });

      it('reads the newest 10,000', async () => {
        const fence = await watching();
        const many = Array.from({ length: 10_003 }, (_, n) => run(n, n));
        await store.keepSamples('lab', fence, many);
        const read = await kept();
        expect(read).toHaveLength(10_000);
        expect([read[0]?.from, read.at(-1)?.from]).toEqual([at(3), at(10_002)]);
      });

      it('takes samples of the newest holder only; what an older one kept stays', async () => {
        const stale = await watching();
        expect(await store.keepSamples('lab', stale, [run(0, 3)])).toBe(true);
        const newest = await watching();
        expect(newest).toBeGreaterThan(stale);
        expect(await store.keepSamples('lab', stale, [run(0, 4)])).toBe(false);
        expect(await store.keepSamples('lab', stale, [])).toBe(false);
        expect(await store.keepSamples('lab', newest, [])).toBe(true);
        expect(await store.keepSamples('lab', newest, [run(20, 22)])).toBe(true);
        expect(await kept()).toEqual([run(0, 3), run(20, 22)]);
      });

      it('has one newest holder of many that claim it at once', async () => {
        const fences = await Promise.all(Array.from({ length: 10 }, () => watching()));
        expect(new Set(fences).size).toBe(10);
        const wrote = await Promise.all(
          fences.map((fence) => store.keepSamples('lab', fence, [run(fence * 10, fence * 10 + 1)])),
        );
        expect(wrote.filter(Boolean)).toHaveLength(1);
        expect(await kept()).toHaveLength(1);
      });

      it('rests while the lab is not ready, and goes on with what it had', async () => {
        const fence = await watching();
        await store.keepSamples('lab', fence, [run(0, 3)]);
        const rewound = { phase: 'provisioning' } as const;
        won(await store.startSandboxForLab('lab', 4, newSandbox('again'), rewound, []));
        await store.claimDue(100, 600);
        expect(await store.keepSamples('lab', fence, [run(0, 9)])).toBe(false);
        expect(await store.startWatching('lab', 600)).toBeNull();
        won(await store.transition('lab', 5, { phase: 'ready', watch: true }, []));
        expect(await store.claimDue(10, 600)).toEqual(['watch:lab']);
        expect(await watching()).toBeGreaterThan(fence);
        expect(await kept()).toEqual([run(0, 3)]);
      });

      it('is over with the lab, and what was seen can still be read', async () => {
        const fence = await watching();
        await store.keepSamples('lab', fence, [run(0, 3)]);
        won(await store.transition('lab', 4, { phase: 'terminating' }, []));
        expect(await store.keepSamples('lab', fence, [run(4, 5)])).toBe(false);
        expect(await store.startWatching('lab', 600)).toBeNull();
        await store.holdDue('watch:lab', 0);
        expect(await store.claimDue(10, 600)).not.toContain('watch:lab');
        expect(await kept()).toEqual([run(0, 3)]);
      });
    });
  });
}
