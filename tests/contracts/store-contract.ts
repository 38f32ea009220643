/** What every LabStore promises. Run by the in-memory one and by PostgreSQL's. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { LabError } from '../../src/lab/errors.ts';
import type { Lab, LabEvent } from '../../src/lab/lab.ts';
import type { LabStore, NewLab, NewSandbox, Snapshot } from '../../src/lab/ports.ts';

export interface StoreHarness<Store> {
  /** An empty store. */
  fresh(): Promise<Store>;
  /** Lets the store's clock go on. */
  pass(seconds: number): Promise<void>;
}

export function newLab(id: string, fields: Partial<NewLab> = {}): NewLab {
  return {
    id,
    trainee: 'ada',
    templateId: 'first-steps',
    templateHash: 'hash-1',
    backend: 'process',
    seed: `seed of ${id}`,
    ttlSeconds: 3600,
    maxSeconds: 7200,
    idempotency: null,
    quota: { perTrainee: 1000, global: 10_000 },
    ...fields,
  };
}

export function newSandbox(id: string, fields: Partial<NewSandbox> = {}): NewSandbox {
  const components = ['database', 'api'];
  return { id, templateId: 'first-steps', templateHash: 'hash-1', backend: 'process', components, ...fields };
}

const told: LabEvent = { type: 'lab.error', data: { message: 'told' } };

/** The snapshot, or a failure that says what was refused. */
export function won(snapshot: Snapshot | null): Snapshot & { readonly lab: Lab } {
  if (snapshot?.lab) return { ...snapshot, lab: snapshot.lab };
  throw new Error('the compare-and-set was lost');
}

export async function codeOf(work: Promise<unknown>): Promise<LabError> {
  return work.then(
    () => expect.unreachable('it should have been refused'),
    (thrown) => thrown,
  );
}

/** A spare that is up. */
export async function stockSpare(
  store: LabStore,
  id: string,
  fields: Partial<NewSandbox> = {},
): Promise<void> {
  const spare = await store.startSpare(newSandbox(id, fields), 1000);
  if (spare) await store.changeSandbox(id, spare.version, { state: 'up' });
}

/** A lab that is ready, served by the sandbox `box-of-<id>`; nothing is due. Its version is 3, that of the sandbox 2. */
export async function readyLab(store: LabStore, id: string): Promise<void> {
  await store.createLab(newLab(id));
  await store.startSandboxForLab(id, 1, newSandbox(`box-of-${id}`), { phase: 'provisioning' }, []);
  const up = { version: 1, change: { state: 'up' } } as const;
  won(await store.transition(id, 2, { phase: 'ready', sandbox: up }, []));
  await store.claimDue(100, 600);
}

export function storeContract(harness: StoreHarness<LabStore>): void {
  describe('as a LabStore', () => {
    let store: LabStore;
    beforeEach(async () => {
      store = await harness.fresh();
    });
    const sequence = async (labId: string) =>
      (await store.eventsAfter(labId, 0, 10_000)).map((event) => event.seq);
    const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

    describe('creating', () => {
      it('records a lab, due at once, with its first event and times of one clock', async () => {
        const { lab, created, now } = await store.createLab(newLab('lab-1'));
        expect(created).toBe(true);
        expect(lab).toMatchObject({
          id: 'lab-1',
          version: 1,
          phase: 'requested',
          params: null,
          sandboxId: null,
        });
        expect(lab.createdAt).toEqual(now);
        expect(lab.expiresAt.getTime() - lab.createdAt.getTime()).toBe(3_600_000);
        expect(lab.maxExpiresAt.getTime() - lab.createdAt.getTime()).toBe(7_200_000);
        const snapshot = await store.getLab('lab-1');
        expect(snapshot.lab).toEqual(lab);
        expect(snapshot.sandbox).toBeNull();
        expect(snapshot.now.getTime()).toBeGreaterThanOrEqual(now.getTime());
        const events = await store.eventsAfter('lab-1', 0, 10);
        expect(events).toMatchObject([{ labId: 'lab-1', seq: 1, type: 'lab.requested' }]);
        expect(await store.claimDue(10, 30)).toEqual(['lab:lab-1']);
      });

      it('knows no lab and no sandbox of another id', async () => {
        expect(await store.getLab('nobody')).toMatchObject({
          lab: null,
          sandbox: null,
          now: expect.any(Date),
        });
        expect(await store.getSandbox('nobody')).toMatchObject({ lab: null, sandbox: null });
      });

      it('gives the same lab for the same key and body, and refuses another body', async () => {
        const idempotency = { caller: 'ada', key: 'k', bodyHash: 'b' };
        const first = await store.createLab(newLab('lab-1', { idempotency }));
        const again = await store.createLab(newLab('lab-2', { idempotency }));
        expect(again).toMatchObject({ lab: first.lab, created: false });
        const other = { ...idempotency, bodyHash: 'other' };
        expect(await codeOf(store.createLab(newLab('lab-3', { idempotency: other })))).toMatchObject({
          code: 'idempotency_conflict',
        });
        const elsewhere = { ...idempotency, caller: 'bob' };
        expect((await store.createLab(newLab('lab-4', { idempotency: elsewhere }))).created).toBe(true);
      });

      it('makes one lab of 50 concurrent requests with one key', async () => {
        const idempotency = { caller: 'ada', key: 'k', bodyHash: 'b' };
        const all = await Promise.all(
          upTo(50).map((n) => store.createLab(newLab(`lab-${n}`, { idempotency }))),
        );
        expect(new Set(all.map(({ lab }) => lab.id)).size).toBe(1);
        expect(all.filter(({ created }) => created)).toHaveLength(1);
        expect((await store.listLabs({ limit: 100 })).items).toHaveLength(1);
      });

      it('gives the known lab even when the quota is full, and frees no key by a refusal', async () => {
        const idempotency = { caller: 'ada', key: 'k', bodyHash: 'b' };
        const quota = { perTrainee: 1, global: 10 };
        await store.createLab(newLab('lab-1', { idempotency, quota }));
        expect((await store.createLab(newLab('lab-2', { idempotency, quota }))).lab.id).toBe('lab-1');
        const later = { caller: 'ada', key: 'later', bodyHash: 'b' };
        await codeOf(store.createLab(newLab('lab-3', { idempotency: later, quota })));
        expect((await store.createLab(newLab('lab-3', { idempotency: later }))).created).toBe(true);
      });

      it('says which quota is full, and how full', async () => {
        const quota = { perTrainee: 2, global: 3 };
        await store.createLab(newLab('lab-1', { quota }));
        await store.createLab(newLab('lab-2', { quota }));
        const mine = await codeOf(store.createLab(newLab('lab-3', { quota })));
        expect(mine).toMatchObject({ code: 'quota_trainee', extra: { quota: 'trainee', limit: 2, used: 2 } });
        expect(mine.retryAfterSeconds).toBeGreaterThan(0);
        await store.createLab(newLab('lab-4', { quota, trainee: 'bob' }));
        const all = await codeOf(store.createLab(newLab('lab-5', { quota, trainee: 'eve' })));
        expect(all).toMatchObject({ code: 'quota_global', extra: { quota: 'global', limit: 3, used: 3 } });
        expect(all.retryAfterSeconds).toBeGreaterThan(0);
        expect((await store.getLab('lab-5')).lab).toBeNull();
      });

      it('frees the quota with the end of a lab, not with the wish for it', async () => {
        const quota = { perTrainee: 1, global: 1 };
        await store.createLab(newLab('lab-1', { quota }));
        await store.transition('lab-1', 1, { phase: 'terminating' }, []);
        expect((await codeOf(store.createLab(newLab('lab-2', { quota })))).code).toBe('quota_trainee');
        await store.transition('lab-1', 2, { phase: 'terminated' }, []);
        expect((await store.createLab(newLab('lab-2', { quota }))).created).toBe(true);
      });

      it.each([
        ['trainee', { perTrainee: 37, global: 1000 }, () => 'ada'],
        ['global', { perTrainee: 1000, global: 37 }, (n: number) => `trainee-${n}`],
      ])('holds the %s quota exactly under 200 concurrent creates', async (name, quota, trainee) => {
        const results = await Promise.allSettled(
          upTo(200).map((n) => store.createLab(newLab(`lab-${n}`, { quota, trainee: trainee(n) }))),
        );
        const refused = results
          .filter((result) => result.status === 'rejected')
          .map((result) => result.reason.code);
        expect(new Set(refused)).toEqual(new Set([`quota_${name}`]));
        expect(results.length - refused.length).toBe(37);
        expect((await store.listLabs({ limit: 1000 })).items).toHaveLength(37);
      });
    });

    describe('moving', () => {
      it('changes what is named, keeps the rest, and tells it', async () => {
        await store.createLab(newLab('lab-1'));
        const readyAt = new Date('2026-01-02T03:04:05.678Z');
        const params = { zeta: 1, alpha: ['x', null, { deep: true }], half: 0.5 };
        const change = { phase: 'ready', params, readyAt, warned: [600, 60], endDetail: 'odd' } as const;
        const moved = won(await store.transition('lab-1', 1, change, [told]));
        expect(moved.lab).toMatchObject({ ...change, version: 2, trainee: 'ada', endReason: null });
        expect(Object.keys(moved.lab.params ?? {})).toEqual(['zeta', 'alpha', 'half']);
        const cleared = won(await store.transition('lab-1', 2, { endDetail: null }, []));
        expect(cleared.lab).toMatchObject({ phase: 'ready', params, endDetail: null, readyAt });
        expect((await store.getLab('lab-1')).lab).toEqual(cleared.lab);
        expect(await store.eventsAfter('lab-1', 1, 10)).toMatchObject([{ seq: 2, ...told }]);
      });

      it('lets one of two racing changes win and leaves no trace of the other', async () => {
        await store.createLab(newLab('lab-1'));
        const results = await Promise.all(
          upTo(10).map((n) => store.transition('lab-1', 1, { endDetail: `by ${n}` }, [told])),
        );
        const winners = results.filter((result) => result !== null);
        expect(winners).toHaveLength(1);
        expect((await store.getLab('lab-1')).lab).toEqual(winners[0]?.lab);
        expect(await sequence('lab-1')).toEqual([1, 2]);
        expect(await store.transition('nobody', 1, {}, [told])).toBeNull();
      });

      it('moves lab and sandbox together or not at all', async () => {
        await store.createLab(newLab('lab-1'));
        const started = won(
          await store.startSandboxForLab('lab-1', 1, newSandbox('box-1'), { phase: 'provisioning' }, [told]),
        );
        expect(started.lab).toMatchObject({ phase: 'provisioning', version: 2, sandboxId: 'box-1' });
        expect(started.sandbox).toMatchObject({ id: 'box-1', state: 'building', labId: 'lab-1', version: 1 });
        const blank = { generation: 1, observed: 'unknown', servedGeneration: 0, detail: null };
        expect(started.sandbox?.components).toEqual({ database: blank, api: blank });
        expect(Object.keys(started.sandbox?.components ?? {})).toEqual(['database', 'api']);

        const up = { state: 'up', survey: { rows: [{ b: 1, a: 2 }] } } as const;
        const stale = { phase: 'ready', sandbox: { version: 7, change: up } } as const;
        expect(await store.transition('lab-1', 2, stale, [told])).toBeNull();
        expect(await store.getLab('lab-1')).toMatchObject({ lab: started.lab, sandbox: started.sandbox });
        expect(await sequence('lab-1')).toEqual([1, 2]);

        const both = won(
          await store.transition('lab-1', 2, { phase: 'ready', sandbox: { version: 1, change: up } }, []),
        );
        expect(both.lab.phase).toBe('ready');
        expect(both.sandbox).toMatchObject({ ...up, version: 2 });
      });

      it('refuses to move the sandbox of a lab that has none', async () => {
        await store.createLab(newLab('lab-1'));
        const change = { phase: 'ready', sandbox: { version: 1, change: {} } } as const;
        expect(await store.transition('lab-1', 1, change, [])).toBeNull();
        expect((await store.getLab('lab-1')).lab?.phase).toBe('requested');
      });

      it('keeps text that a database refuses, with a mark in its place', async () => {
        await store.createLab(newLab('lab-1'));
        const bad = `nul ${String.fromCharCode(0)} lone \ud800 end`;
        const good = 'nul \uFFFD lone \uFFFD end';
        const change = { endDetail: bad, params: { [bad]: bad } };
        const moved = won(await store.transition('lab-1', 1, change, [{ ...told, data: { bad } }]));
        expect(moved.lab).toMatchObject({ endDetail: good, params: { [good]: good } });
        expect((await store.eventsAfter('lab-1', 1, 10))[0]?.data).toEqual({ bad: good });
      });
    });

    describe('sandboxes', () => {
      it('changes one by compare-and-set and tells its lab', async () => {
        await store.createLab(newLab('lab-1'));
        await store.startSandboxForLab('lab-1', 1, newSandbox('box-1'), {}, []);
        const nextTryAt = new Date('2030-01-01T00:00:00.000Z');
        const change = { failures: 2, nextTryAt, lastError: 'no disk' };
        const changed = await store.changeSandbox('box-1', 1, change, [told]);
        expect(changed?.sandbox).toMatchObject({ ...change, version: 2, state: 'building' });
        expect(changed?.lab?.id).toBe('lab-1');
        expect(await sequence('lab-1')).toEqual([1, 2]);
        expect(await store.changeSandbox('box-1', 1, { failures: 9 }, [told])).toBeNull();
        expect(await sequence('lab-1')).toEqual([1, 2]);
        const mended = await store.changeSandbox('box-1', 2, {
          failures: 0,
          nextTryAt: null,
          lastError: null,
        });
        expect(mended?.sandbox).toMatchObject({ failures: 0, nextTryAt: null, lastError: null });
        expect((await store.getSandbox('box-1')).sandbox).toEqual(mended?.sandbox);
      });

      it('keeps no more spares of a version and backend than are wanted', async () => {
        const results = await Promise.all(upTo(12).map((n) => store.startSpare(newSandbox(`box-${n}`), 3)));
        expect(results.filter((spare) => spare !== null)).toHaveLength(3);
        expect(await store.startSpare(newSandbox('other', { templateHash: 'hash-2' }), 3)).toMatchObject({
          labId: null,
          state: 'building',
        });
        const spares = await store.listSpares();
        expect(spares.map((spare) => spare.templateHash).sort()).toEqual([
          'hash-1',
          'hash-1',
          'hash-1',
          'hash-2',
        ]);
        const [first] = spares;
        if (first) await store.changeSandbox(first.id, first.version, { state: 'dead' });
        expect(await store.startSpare(newSandbox('next'), 3)).not.toBeNull();
      });

      it('gives the oldest fitting spare, in one step with the lab', async () => {
        await stockSpare(store, 'other-version', { templateHash: 'hash-2' });
        await store.startSpare(newSandbox('building'), 10);
        await stockSpare(store, 'failing');
        await store.changeSandbox('failing', 2, { failures: 1 });
        await harness.pass(0.01);
        await stockSpare(store, 'z-older');
        await harness.pass(0.01);
        await stockSpare(store, 'a-newer');
        await store.createLab(newLab('lab-1'));
        const claimed = won(await store.claimSpare('lab-1', 1, { phase: 'provisioning' }, [told]));
        expect(claimed.lab).toMatchObject({ phase: 'provisioning', sandboxId: 'z-older', version: 2 });
        expect(claimed.sandbox).toMatchObject({ id: 'z-older', labId: 'lab-1', state: 'up', version: 3 });
        expect(await store.getSandbox('z-older')).toMatchObject({
          lab: claimed.lab,
          sandbox: claimed.sandbox,
        });
        expect(await sequence('lab-1')).toEqual([1, 2]);
        expect((await store.listSpares()).map((spare) => spare.id)).not.toContain('z-older');
      });

      it('changes nothing when there is no spare or the lab has moved on', async () => {
        await store.createLab(newLab('lab-1'));
        expect(await store.claimSpare('lab-1', 1, { phase: 'ready' }, [told])).toBeNull();
        await stockSpare(store, 'box-1');
        expect(await store.claimSpare('lab-1', 7, { phase: 'ready' }, [told])).toBeNull();
        expect((await store.getLab('lab-1')).lab).toMatchObject({ phase: 'requested', version: 1 });
        expect(await store.listSpares()).toHaveLength(1);
        expect(await sequence('lab-1')).toEqual([1]);
      });

      it('hands a spare to exactly one of racing claimers', async () => {
        await Promise.all(upTo(3).map((n) => stockSpare(store, `box-${n}`)));
        await Promise.all(upTo(20).map((n) => store.createLab(newLab(`lab-${n}`))));
        const claims = await Promise.all(upTo(20).map((n) => store.claimSpare(`lab-${n}`, 1, {}, [told])));
        const given = claims.flatMap((claim) => (claim ? [claim.sandbox?.id] : []));
        expect(given.sort()).toEqual(['box-1', 'box-2', 'box-3']);
        const owners = await Promise.all(given.map(async (id) => (await store.getSandbox(id ?? '')).lab?.id));
        expect(new Set(owners).size).toBe(3);
      });

      it('gives one lab only one of many spares', async () => {
        await Promise.all(upTo(5).map((n) => stockSpare(store, `box-${n}`)));
        await store.createLab(newLab('lab-1'));
        const claims = await Promise.all(upTo(5).map(() => store.claimSpare('lab-1', 1, {}, [])));
        expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
        expect(await store.listSpares()).toHaveLength(4);
      });

      it('lays the former sandbox aside in the swap: dead, due, and no longer the lab’s', async () => {
        await store.createLab(newLab('lab-1'));
        await store.startSandboxForLab('lab-1', 1, newSandbox('old'), {}, []);
        await stockSpare(store, 'new');
        await store.claimDue(10, 60);
        const swapped = won(await store.claimSpare('lab-1', 2, {}, []));
        expect(swapped.sandbox?.id).toBe('new');
        expect(await store.getSandbox('old')).toMatchObject({
          lab: null,
          sandbox: { state: 'dead', version: 2 },
        });
        expect(await store.claimDue(10, 60)).toEqual(['sandbox:old']);
        expect(await store.livingSandboxes(['old', 'new', 'never'])).toEqual(new Set(['new']));
      });
    });

    describe('due times', () => {
      it('claims what is due, oldest first, and not again before the lease ends', async () => {
        await store.createLab(newLab('lab-1'));
        await harness.pass(0.01);
        await store.startSpare(newSandbox('box-1'), 1);
        await harness.pass(0.01);
        await store.createLab(newLab('lab-2'));
        expect(await store.claimDue(2, 0.3)).toEqual(['lab:lab-1', 'sandbox:box-1']);
        expect(await store.claimDue(2, 0.3)).toEqual(['lab:lab-2']);
        expect(await store.claimDue(2, 0.3)).toEqual([]);
        await harness.pass(0.35);
        expect(await store.claimDue(9, 0.3)).toHaveLength(3);
      });

      it('hands no row to two of many sweeps', async () => {
        await Promise.all(upTo(60).map((n) => store.createLab(newLab(`lab-${n}`))));
        const claimed = (await Promise.all(upTo(8).map(() => store.claimDue(20, 30)))).flat();
        expect(new Set(claimed).size).toBe(claimed.length);
        const rest = await store.claimDue(100, 30);
        expect(new Set([...claimed, ...rest]).size).toBe(60);
      });

      it('holds a row for as long as it is told, and brings it nearer too', async () => {
        await store.createLab(newLab('lab-1'));
        await store.holdDue('lab:lab-1', 60);
        expect(await store.claimDue(10, 60)).toEqual([]);
        await store.holdDue('lab:lab-1', 0);
        expect(await store.claimDue(10, 60)).toEqual(['lab:lab-1']);
        await store.holdDue('lab:nobody', 60);
        await store.holdDue('sandbox:nobody', 60);
        await store.holdDue('attempt:nobody', 60);
      });

      it('names the templates of what has not ended', async () => {
        await store.createLab({ ...newLab('lab-1'), templateHash: 'of-a-lab' });
        await store.startSpare({ ...newSandbox('box-1'), templateHash: 'of-a-spare' }, 1);
        expect([...(await store.livingTemplates())].sort()).toEqual(['of-a-lab', 'of-a-spare']);
        await store.changeSandbox('box-1', 1, { state: 'dead' });
        await store.transition('lab-1', 1, { phase: 'terminated' }, []);
        expect(await store.livingTemplates()).toEqual([]);
      });

      it('lets a row rest only if nobody has changed it meanwhile', async () => {
        const { now } = await store.createLab(newLab('lab-1'));
        await store.transition('lab-1', 1, { dueAt: now }, []);
        await store.restUntilDue('lab:lab-1', 1, 60);
        expect(await store.claimDue(10, 0)).toEqual(['lab:lab-1']);
        await store.restUntilDue('lab:lab-1', 2, 60);
        expect(await store.claimDue(10, 60)).toEqual([]);
        await store.restUntilDue('sandbox:nobody', 1, 60);
      });

      it('obeys a change that says when', async () => {
        const { now } = await store.createLab(newLab('lab-1'));
        await store.transition('lab-1', 1, { dueAt: new Date(now.getTime() + 60_000) }, []);
        expect(await store.claimDue(10, 60)).toEqual([]);
        await store.transition('lab-1', 2, { dueAt: now }, []);
        expect(await store.claimDue(10, 60)).toEqual(['lab:lab-1']);
      });

      it('never looks again at an ended lab or a sandbox that is gone, and at once at one that died', async () => {
        await store.createLab(newLab('lab-1'));
        await store.startSandboxForLab('lab-1', 1, newSandbox('box-1'), {}, []);
        await store.claimDue(10, 60);
        const dead = { phase: 'terminating', sandbox: { version: 1, change: { state: 'dead' } } } as const;
        await store.transition('lab-1', 2, dead, []);
        expect(await store.claimDue(10, 60)).toEqual(['sandbox:box-1']);
        await store.changeSandbox('box-1', 2, { state: 'gone' });
        await store.transition('lab-1', 3, { phase: 'terminated' }, []);
        await store.holdDue('lab:lab-1', 0);
        await store.holdDue('sandbox:box-1', 0);
        expect(await store.claimDue(10, 60)).toEqual([]);
      });

      it('looks at the sandbox of a living lab through its lab only', async () => {
        await store.createLab(newLab('lab-1'));
        await store.startSandboxForLab('lab-1', 1, newSandbox('box-1'), {}, []);
        expect(await store.claimDue(10, 60)).toEqual(['lab:lab-1']);
      });
    });

    describe('events', () => {
      it('numbers them per lab without gaps, however many append at once', async () => {
        await store.createLab(newLab('lab-1'));
        await store.createLab(newLab('lab-2'));
        await store.startSandboxForLab('lab-1', 1, newSandbox('box-1'), {}, []);
        await Promise.all([
          ...upTo(30).map((n) => store.appendEvents('lab-1', n % 2 === 0 ? [told] : [told, told])),
          ...upTo(10).map(() => store.appendEvents('lab-2', [told])),
          store.transition('lab-1', 2, {}, [told]),
          store.changeSandbox('box-1', 1, {}, [told]),
        ]);
        expect(await sequence('lab-1')).toEqual(upTo(1 + 45 + 2));
        expect(await sequence('lab-2')).toEqual(upTo(11));
      });

      it('pages through one lab, and reads many at once', async () => {
        for (const id of ['lab-1', 'lab-2', 'lab-3']) {
          await store.createLab(newLab(id));
          await store.appendEvents(id, [told, told, told]);
        }
        expect((await store.eventsAfter('lab-1', 1, 2)).map((event) => event.seq)).toEqual([2, 3]);
        const since = await store.eventsSince(
          new Map([
            ['lab-3', 3],
            ['lab-1', 0],
            ['nobody', 0],
          ]),
          2,
        );
        expect(since.map((event) => [event.labId, event.seq])).toEqual([
          ['lab-1', 1],
          ['lab-1', 2],
          ['lab-3', 4],
        ]);
        expect(await store.eventsSince(new Map(), 2)).toEqual([]);
      });

      it('has no events for a lab that is not there', async () => {
        expect(await codeOf(store.appendEvents('nobody', [told]))).toMatchObject({ code: 'lab_not_found' });
        expect(await store.eventsAfter('nobody', 0, 10)).toEqual([]);
      });
    });

    describe('reading', () => {
      it('lists newest first, filtered, in pages that neither miss nor repeat', async () => {
        for (const n of upTo(7)) {
          const trainee = n % 2 === 0 ? 'bob' : 'ada';
          await store.createLab(newLab(`lab-${n}`, { trainee, templateId: n < 4 ? 'early' : 'late' }));
          await harness.pass(n % 3 === 0 ? 0 : 0.005);
        }
        await store.transition('lab-5', 1, { phase: 'terminated' }, []);
        await store.startSandboxForLab('lab-6', 1, newSandbox('box-6'), { phase: 'provisioning' }, []);
        const seen: string[] = [];
        let cursor: string | null = null;
        do {
          const page = await store.listLabs({ limit: 3, ...(cursor === null ? {} : { cursor }) });
          seen.push(...page.items.map(({ lab }) => lab.id));
          cursor = page.nextCursor;
        } while (cursor !== null);
        expect(seen).toEqual(
          upTo(7)
            .reverse()
            .map((n) => `lab-${n}`),
        );
        const ids = async (query: Parameters<LabStore['listLabs']>[0]) =>
          (await store.listLabs(query)).items.map(({ lab }) => lab.id);
        expect(await ids({ limit: 10, trainee: 'bob' })).toEqual(['lab-6', 'lab-4', 'lab-2']);
        expect(await ids({ limit: 10, templateId: 'early', trainee: 'ada' })).toEqual(['lab-3', 'lab-1']);
        expect(await ids({ limit: 10, phases: ['terminated', 'provisioning'] })).toEqual(['lab-6', 'lab-5']);
        const [sixth] = (await store.listLabs({ limit: 1, phases: ['provisioning'] })).items;
        expect(sixth?.sandbox?.id).toBe('box-6');
      });

      it.each([
        '',
        'nonsense',
        Buffer.from('[1]').toString('base64url'),
        Buffer.from('["x","y"]').toString('base64url'),
      ])('refuses the cursor %j', async (cursor) => {
        expect(await codeOf(store.listLabs({ limit: 3, cursor }))).toMatchObject({
          code: 'validation_failed',
          extra: { field: 'cursor' },
        });
      });

      it('says the place in the queue and how long labs took to be ready', async () => {
        for (const n of upTo(3)) {
          const { lab } = await store.createLab(newLab(`done-${n}`));
          const readyAt = new Date(lab.createdAt.getTime() + n * 1000);
          await store.transition(lab.id, 1, { phase: 'ready', readyAt }, []);
        }
        const first = (await store.createLab(newLab('first'))).lab;
        await harness.pass(0.01);
        await store.createLab(newLab('elsewhere', { backend: 'docker', templateId: 'other' }));
        const second = (await store.createLab(newLab('second'))).lab;
        expect(await store.queueFacts(first)).toEqual({ position: 1, p50Seconds: 2, p90Seconds: 2.8 });
        expect((await store.queueFacts(second)).position).toBe(2);
        const other = (await store.getLab('elsewhere')).lab;
        if (other)
          expect(await store.queueFacts(other)).toEqual({ position: 1, p50Seconds: null, p90Seconds: null });
        const ready = (await store.getLab('done-1')).lab;
        if (ready) expect((await store.queueFacts(ready)).position).toBe(0);
      });

      it('knows what was asked for lately, most first', async () => {
        await store.createLab(newLab('old', { templateId: 'forgotten' }));
        await harness.pass(0.3);
        await store.createLab(newLab('a', { templateId: 'rare' }));
        await store.createLab(newLab('b', { templateId: 'often' }));
        await store.createLab(newLab('c', { templateId: 'often' }));
        await store.createLab(newLab('d', { templateId: 'often', class: 'k-1' }));
        expect(await store.recentDemand(0.25)).toEqual([
          { templateId: 'often', class: null, backend: 'process' },
          { templateId: 'often', class: 'k-1', backend: 'process' },
          { templateId: 'rare', class: null, backend: 'process' },
        ]);
      });

      it('has one clock that goes on', async () => {
        const before = await store.now();
        await harness.pass(0.05);
        expect((await store.now()).getTime() - before.getTime()).toBeGreaterThanOrEqual(50);
      });
    });
  });
}
