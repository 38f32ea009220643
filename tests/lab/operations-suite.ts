/** What operations on a live lab promise, over any store. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runOperation } from '../../src/grading/operations/run-operation.ts';
import type { ComponentSpec } from '../../src/templates/types.ts';
import { ann, fault, type LiveWorldOptions, liveWorld, signal, step, type WorldStore } from './live-world.ts';

const stay = { soon: signal, now: signal };
const note = (id: string, more: object = {}) => step(id, 'note', { text: id, ...more });
const wait = (id: string, ms: number) => step(id, 'wait', { for: ms, within: 30_000, orGoOn: false });

export function operationsSuite(fresh: () => Promise<WorldStore>): void {
  const world = async (options: LiveWorldOptions = {}) => liveWorld(await fresh(), options);
  const withFaults = (faults: ReturnType<typeof fault>[], more: LiveWorldOptions = {}) =>
    world({ ...more, template: { faults, ...more.template } });

  describe('a fault', () => {
    it('is told, does its steps in order, ends, and sets off what waits for its end', async () => {
      const first = fault('first', [note('a', { gives: 'x' }), note('b')], { say: 'It is {{params.n}}.' });
      const second = fault('second', [], { when: { on: 'fault', id: 'first', atLatestSeconds: null } });
      const w = await withFaults([first, second]);
      const id = `${w.labId}/fault/first`;
      await runOperation(id, w.deps, stay);
      expect(w.notes.map(({ text }) => text)).toEqual(['a', 'b']);
      expect(await w.told()).toEqual([
        { type: 'fault.fired', data: { fault: 'first', say: 'It is 7.' } },
        { type: 'fault.done', data: { fault: 'first' } },
      ]);
      expect(await w.operation('fault', 'first')).toMatchObject({ state: 'done', begun: 2 });
      expect(w.queue.waiting()).toContain(`operation:${w.labId}/fault/second`);
      await runOperation(id, w.deps, stay);
      expect(w.notes).toHaveLength(2);
    });

    it('is due at its time, and what waits for a button is not', async () => {
      const pressed = { on: 'press', button: 'Go', after: null, atLatestSeconds: null } as const;
      const w = await withFaults([
        fault('now', [], { when: { on: 'time', afterSeconds: 0 } }),
        fault('later', []),
        fault('button', [], { when: pressed }),
      ]);
      const due = await w.store.claimDue(50, 8);
      expect(due.filter((key) => key.startsWith(`operation:${w.labId}/`))).toEqual([
        `operation:${w.labId}/fault/now`,
      ]);
    });

    it('ends at a step that fails, says why, and sets off nothing', async () => {
      const w = await withFaults([
        fault('f', [note('a'), note('b', { fails: true }), note('c')]),
        fault('g', [], { when: { on: 'fault', id: 'f', atLatestSeconds: null } }),
      ]);
      await runOperation(`${w.labId}/fault/f`, w.deps, stay);
      expect(w.notes.map(({ text }) => text)).toEqual(['a', 'b']);
      const reason = 'Step "b" failed: told to fail';
      expect((await w.told()).at(-1)).toEqual({ type: 'fault.failed', data: { fault: 'f', reason } });
      expect(await w.operation('fault', 'f')).toMatchObject({ state: 'failed', detail: reason });
      expect(await w.operation('fault', 'g')).toMatchObject({ state: 'waiting' });
      expect(w.queue.waiting()).not.toContain(`operation:${w.labId}/fault/g`);
    });

    it('does no step twice when a worker dies in the middle of one, and ignores the dead one', async () => {
      let arrived = () => {};
      let release = () => {};
      const inside = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      const stuck = new Promise<void>((resolve) => {
        release = resolve;
      });
      let holding = true;
      const w = await withFaults([fault('f', [note('a'), note('b'), note('c')])], {
        hold: async (text) => {
          if (text !== 'b' || !holding) return;
          holding = false;
          arrived();
          await stuck;
        },
      });
      const id = `${w.labId}/fault/f`;
      const dead = runOperation(id, w.deps, stay);
      await inside;
      await runOperation(id, w.deps, stay);
      expect(w.notes.map(({ text }) => text)).toEqual(['a', 'c']);
      expect(await w.operation('fault', 'f')).toMatchObject({ state: 'done', begun: 3 });
      release();
      await dead;
      expect(w.notes.map(({ text }) => text)).toEqual(['a', 'c', 'b']);
      const types = (await w.told()).map(({ type }) => type);
      expect(types).toEqual(['fault.fired', 'fault.done']);
    });

    it('keeps what its steps saved for the worker that goes on', async () => {
      const leaving = new AbortController();
      const saves = step('a', 'note', { text: 'a', gives: 'gold' }, { word: 'gives' });
      const w = await withFaults([fault('f', [saves, wait('w', 60_000), note('{{saved.word}}')])]);
      const id = `${w.labId}/fault/f`;
      const first = runOperation(id, w.deps, { soon: leaving.signal, now: signal });
      await expect.poll(() => w.notes.length).toBe(1);
      leaving.abort();
      await first;
      expect(await w.operation('fault', 'f')).toMatchObject({ state: 'running', begun: 2 });
      const hurried = { ...w.deps, actions: new Map(w.deps.actions) };
      const real = w.deps.actions.get('wait');
      if (real === undefined) throw new Error('there is no wait');
      hurried.actions.set('wait', { ...real, run: async () => ({ ok: true, value: null }) });
      await runOperation(id, hurried, stay);
      expect(w.notes.map(({ text }) => text)).toEqual(['a', 'gold']);
    });

    it('leaves its wait at once when the worker stops, records nothing, and waits again elsewhere', async () => {
      const leaving = new AbortController();
      const w = await withFaults([fault('f', [wait('w', 300), note('a')])]);
      const id = `${w.labId}/fault/f`;
      const started = performance.now();
      const first = runOperation(id, w.deps, { soon: leaving.signal, now: signal });
      setTimeout(() => leaving.abort(), 50);
      await first;
      expect(performance.now() - started).toBeLessThan(250);
      expect(await w.operation('fault', 'f')).toMatchObject({ state: 'running', begun: 1 });
      const again = performance.now();
      await runOperation(id, w.deps, stay);
      expect(performance.now() - again).toBeGreaterThan(280);
      expect(w.notes.map(({ text }) => text)).toEqual(['a']);
    });

    it('goes on with the lab as it is after a reset, and a step that met the reset is no failure', async () => {
      let reset = async () => {};
      const w = await withFaults([fault('f', [note('a'), note('b', { fails: true }), note('c')])], {
        hold: async (text) => {
          if (text === 'b') await reset();
        },
      });
      reset = async () => {
        await w.labs.resetLab(ann, w.labId, { keepScore: true });
        await w.settle();
      };
      await runOperation(`${w.labId}/fault/f`, w.deps, stay);
      const generations = w.notes.map(({ where }) => where.split(':')[1]);
      expect(generations).toEqual(['1', '1', '2']);
      expect(await w.operation('fault', 'f')).toMatchObject({ state: 'done' });
    });

    it('draws the same for the same firing, and something else for each step', async () => {
      const w = await withFaults([fault('f', [note('a'), note('b')]), fault('g', [note('a')])]);
      await runOperation(`${w.labId}/fault/f`, w.deps, stay);
      await runOperation(`${w.labId}/fault/g`, w.deps, stay);
      expect(new Set(w.notes.map(({ drawn }) => drawn)).size).toBe(3);
    });

    it('kills for good what is in the trainee’s custody, and what is ours comes back', async () => {
      const { components } = (await world()).version.template;
      const { api } = components;
      if (api === undefined) throw new Error('there is no api');
      const theirs: ComponentSpec = { ...api, custody: 'trainee' };
      const template = { components: { ...components, theirs } };
      const kill = (id: string) =>
        step(`kill-${id}`, 'kill', { component: id, signal: 'KILL', timeout: 5_000 });
      const w = await withFaults([fault('f', [kill('api'), kill('theirs')])], { template });
      await runOperation(`${w.labId}/fault/f`, w.deps, stay);
      await w.settle();
      const rows = async () => (await w.snapshot()).sandbox?.components;
      expect((await rows())?.api?.observed).toBe('running');
      expect((await rows())?.theirs?.observed).toBe('broken');
      await w.settle();
      expect((await rows())?.theirs?.observed).toBe('broken');
      await w.labs.resetLab(ann, w.labId, { components: ['theirs'], keepScore: true });
      await w.settle();
      expect(await rows()).toMatchObject({ theirs: { observed: 'running', generation: 2 } });
    });
  });

  describe('when a lab is ready', () => {
    const readyAt = async (w: Awaited<ReturnType<typeof world>>) => Number((await w.snapshot()).lab?.readyAt);

    it('is anew after a reset of all of it, for what was watched before is of another lab', async () => {
      const w = await world();
      const first = await readyAt(w);
      await delay(5);
      await w.labs.resetLab(ann, w.labId, {});
      await w.settle();
      expect(await readyAt(w)).toBeGreaterThan(first);
    });

    it('is not anew after a reset of a part, also once all was reset before', async () => {
      const w = await world();
      await w.labs.resetLab(ann, w.labId, {});
      await w.settle();
      const first = await readyAt(w);
      await delay(5);
      await w.labs.resetLab(ann, w.labId, { components: ['workspace'] });
      await w.settle();
      expect(await readyAt(w)).toBe(first);
    });
  });

  describe('a button', () => {
    const when = { on: 'press', button: 'Start the drill', after: 'c', atLatestSeconds: null } as const;

    it('is not to be pressed before its check has passed, sets its fault off, and only once', async () => {
      const w = await withFaults([fault('drill', [note('a')], { when })]);
      const press = (button = 'Start the drill') => w.operations.press(ann, w.labId, button);
      await expect(press()).rejects.toMatchObject({ code: 'not_yet' });
      await expect(press('Start the dril')).rejects.toMatchObject({ code: 'button_not_found' });
      await passes(w, 'c');
      await press();
      expect(w.queue.waiting()).toContain(`operation:${w.labId}/fault/drill`);
      await runOperation(`${w.labId}/fault/drill`, w.deps, stay);
      await press();
      await runOperation(`${w.labId}/fault/drill`, w.deps, stay);
      expect(w.notes).toHaveLength(1);
    });

    it('is another trainee’s to them alone', async () => {
      const w = await withFaults([fault('drill', [], { when })]);
      const bob = { role: 'trainee', subject: 'bob' } as const;
      await expect(w.operations.press(bob, w.labId, 'Start the drill')).rejects.toMatchObject({
        code: 'lab_not_found',
      });
    });
  });

  describe('a task that is skipped', () => {
    const template = {
      tasks: [task('one', { skip: { solution: 's', steps: ['b', 'q'], penalty: 3 } }), task('two')],
      questions: [
        { id: 'q', kind: 'text', ask: '?', options: [], multiple: false, normalise: ['trim'] } as const,
      ],
      solutions: { s: [note('a'), note('b'), step('q', 'answer', { question: 'q', value: ' yes ' })] },
    };

    it('has the named steps done and answers given, once, and says what it cost', async () => {
      const w = await world({ template });
      expect(await w.operations.skip(ann, w.labId, 'one')).toEqual({ task: 'one', penalty: 3 });
      expect(await w.operations.skip(ann, w.labId, 'one')).toEqual({ task: 'one', penalty: 3 });
      const id = `${w.labId}/skip/one`;
      expect(w.queue.waiting()).toContain(`operation:${id}`);
      await runOperation(id, w.deps, stay);
      expect(w.notes.map(({ text }) => text)).toEqual(['b']);
      expect(await w.store.answers(w.labId)).toEqual({ q: 'yes' });
      expect((await w.told()).at(-1)).toEqual({ type: 'task.skipped', data: { task: 'one', penalty: 3 } });
      expect(await w.operation('skip', 'one')).toMatchObject({ state: 'done' });
    });

    it('is refused where there is nothing to skip', async () => {
      const w = await world({ template });
      const skip = (id: string) => w.operations.skip(ann, w.labId, id);
      await expect(skip('two')).rejects.toMatchObject({ code: 'nothing_to_skip' });
      await expect(skip('three')).rejects.toMatchObject({ code: 'task_not_found' });
      await passes(w, 'c');
      await expect(skip('one')).rejects.toMatchObject({ code: 'nothing_to_skip' });
    });

    it('is refused while the task is not open', async () => {
      const tasks = [{ ...task('one', { skip: { solution: 's', steps: [], penalty: 3 } }), opens: 'false' }];
      const w = await world({ template: { ...template, tasks } });
      await expect(w.operations.skip(ann, w.labId, 'one')).rejects.toMatchObject({ code: 'not_yet' });
    });
  });

  describe('a checkpoint', () => {
    const template = { tasks: [task('one', { checkpoint: true })] };

    it('keeps databases and files, and a rewind makes the lab anew from them with answers and score', async () => {
      const w = await world({ template });
      await expect(w.labs.rewind(ann, w.labId, 'one')).rejects.toMatchObject({
        code: 'checkpoint_not_found',
      });
      await expect(w.labs.rewind(ann, w.labId, 'two')).rejects.toMatchObject({ code: 'task_not_found' });
      await passes(w, 'c');
      await w.store.putAnswer(w.labId, 'q', 'kept');
      const live = (await w.snapshot()).sandbox?.id ?? '';
      await keep(w);
      const kept = await w.operation('checkpoint', 'one');
      expect(kept).toMatchObject({ state: 'done' });
      const copy = (await w.store.getSandbox(kept?.sandboxId ?? '')).sandbox;
      expect(Object.keys(copy?.components ?? {}).sort()).toEqual(['database', 'workspace']);
      expect(copy).toMatchObject({ owner: `checkpoint:${w.labId}/one`, origin: { sandboxId: live } });
      expect([...(w.backend.sandboxes.get(copy?.id ?? '')?.components.keys() ?? [])]).toHaveLength(2);
      expect((await w.told()).map(({ type }) => type).slice(-2)).toEqual(['lab.pausing', 'checkpoint.kept']);

      const rewound = await w.labs.rewind(ann, w.labId, 'one');
      expect(rewound.lab).toMatchObject({ phase: 'provisioning', params: { n: 7 } });
      const present = (await w.snapshot()).sandbox;
      expect(present?.origin).toEqual({
        sandboxId: copy?.id,
        generations: { database: 1, workspace: 1 },
      });
      expect((await w.store.getSandbox(live)).sandbox?.state).toBe('dead');
      await w.settle();
      expect((await w.snapshot()).lab).toMatchObject({ phase: 'ready', sandboxId: present?.id });
      expect(await w.store.answers(w.labId)).toEqual({ q: 'kept' });
      expect(await w.store.progress(w.labId)).toHaveLength(1);
    });

    it('is dead with its lab', async () => {
      const w = await world({ template });
      await keep(w);
      const id = (await w.operation('checkpoint', 'one'))?.sandboxId ?? '';
      await w.labs.deleteLab(ann, w.labId);
      expect((await w.store.getSandbox(id)).sandbox?.state).toBe('dead');
    });

    async function keep(w: Awaited<ReturnType<typeof world>>) {
      await w.store.plantOperation(w.labId, { kind: 'checkpoint', name: 'one', dueInSeconds: 0 });
      await runOperation(`${w.labId}/checkpoint/one`, w.deps, stay);
    }
  });

  /** Has a check recorded as passed. */
  async function passes(w: Awaited<ReturnType<typeof world>>, checkId: string): Promise<void> {
    const id = w.deps.ids.sandbox();
    await w.store.requestAttempt(w.labId, { id, final: false, maxPoints: 1, everySeconds: 0 });
    const work = await w.store.startAttempt(id, 8);
    const result = {
      checkId,
      verdict: 'pass',
      points: 1,
      maxPoints: 1,
      message: null,
      internal: null,
      expectations: [],
      evidence: {},
      durationMs: 1,
    } as const;
    await w.store.finishAttempt(id, work?.fence ?? 0, {
      points: 1,
      penalty: 0,
      results: [result],
      evidence: [],
    });
  }
}

function task(id: string, more: object = {}) {
  return {
    id,
    title: id,
    text: null,
    checks: ['c'],
    opens: null,
    checkpoint: false,
    skip: null,
    ...more,
  };
}
