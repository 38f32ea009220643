/** What an attempt waits for beside the trainee's work, and what it sets going. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CheckResult } from '../../src/grading/types.ts';
import type { FaultSpec, RubricSpec, Template } from '../../src/templates/types.ts';
import { check, sqlLook } from '../support/graded-lab.ts';
import { openTrialLab, startTrialWorld, type TrialLab, type TrialWorld } from '../support/trial-lab.ts';

let world: TrialWorld;
beforeAll(async () => {
  world = await startTrialWorld();
});
afterAll(() => world.stop());

const count = sqlLook('select count(*)::int as n from facts');
const passing = (id: string, more = {}) => check(id, 'a.rows[0].n == 1', { a: count }, more);
const failing = (id: string, more = {}) => check(id, 'a.rows[0].n == 5', { a: count }, more);
const open = (
  checks: Parameters<typeof openTrialLab>[1],
  more: Partial<Template> = {},
  plant: readonly string[] = [],
) => openTrialLab(world, checks, more, plant);
const resultOf = (attempt: Awaited<ReturnType<TrialLab['grade']>>, id: string): CheckResult | undefined =>
  attempt?.results.find(({ checkId }) => checkId === id);

describe('a check that requires an event', () => {
  const press: FaultSpec = {
    id: 'drill',
    when: { on: 'press', button: 'Start the drill', after: null, atLatestSeconds: null },
    say: null,
    steps: [],
  };
  const after = check(
    'after',
    'a.rows[0].n == 1 && events.drill.done >= events.drill.at',
    { a: count },
    { require: { event: 'drill' }, withinSeconds: 30 },
  );

  it('is blocked until it is done, and says how to go on; what needs it is blocked too', async () => {
    const lab = await open([after, passing('next', { needs: ['after'] })], { faults: [press] }, ['drill']);
    const start = performance.now();
    const attempt = await lab.grade();
    expect(performance.now() - start).toBeLessThan(3_000);
    expect(resultOf(attempt, 'after')).toMatchObject({
      verdict: 'blocked',
      points: 0,
      message: 'This waits until you press “Start the drill”.',
    });
    expect(resultOf(attempt, 'next')?.verdict).toBe('blocked');
    expect(attempt?.points).toBe(0);
  });

  it('is judged once it is done, over its times', async () => {
    const lab = await open([after], { faults: [press] }, ['drill']);
    await lab.store.triggerOperation('lab-1/fault/drill');
    const work = await lab.store.startOperation('lab-1/fault/drill', 30, []);
    expect(resultOf(await lab.grade(), 'after')).toMatchObject({
      verdict: 'blocked',
      message: 'This waits until what is happening now is over.',
    });
    await lab.store.finishOperation('lab-1/fault/drill', work?.fence ?? 0, {
      state: 'done',
      detail: null,
      events: [],
    });
    expect(resultOf(await lab.grade(), 'after')).toMatchObject({ verdict: 'pass', points: 10 });
  });
});

describe('a check with a rubric', () => {
  const rubric: RubricSpec = {
    of: count,
    criteria: [
      { id: 'cause', points: 7, text: 'The cause', full: null, half: null },
      { id: 'plan', points: 3, text: 'The plan', full: null, half: null },
    ],
  };
  const report = check('report', '', {}, { rubric, expect: [] });
  const mark = (lab: TrialLab, cause: 'full' | 'half' | 'none') =>
    lab.store.putMark('lab-1', {
      checkId: 'report',
      marks: { cause, plan: 'full' },
      comment: cause === 'full' ? null : 'Which index was it?',
      by: 'teacher',
    });

  it('waits for the mark, and keeps what it was given for', async () => {
    const lab = await open([report]);
    const attempt = await lab.grade();
    expect(resultOf(attempt, 'report')).toMatchObject({
      verdict: 'blocked',
      points: 0,
      message: "This waits for an instructor's mark.",
    });
    const address = resultOf(attempt, 'report')?.evidence.of ?? '';
    expect(await lab.store.evidence(address)).toBeInstanceOf(Uint8Array);
  });

  it('scores the newest mark, half points too, and passes only with all of them', async () => {
    const lab = await open([report]);
    await mark(lab, 'half');
    const half = await lab.grade();
    expect(resultOf(half, 'report')).toMatchObject({
      verdict: 'fail',
      points: 6.5,
      message: 'Which index was it?',
      expectations: [
        { met: false, points: 3.5 },
        { met: true, points: 3 },
      ],
    });
    expect(half?.points).toBe(6.5);
    await mark(lab, 'full');
    expect(resultOf(await lab.grade(), 'report')).toMatchObject({ verdict: 'pass', points: 10 });
  });
});

describe('a finished attempt', () => {
  const task = (id: string, checks: readonly string[]) =>
    ({ id, title: id, text: null, checks, opens: null, checkpoint: true, skip: null }) as const;

  it('has the state kept after each task that has passed whole, once', async () => {
    const tasks = [task('whole', ['a', 'b']), task('half', ['a', 'c']), task('empty', [])];
    const lab = await open([passing('a'), passing('b'), failing('c')], { tasks });
    await lab.grade();
    const planted = await lab.store.listOperations('lab-1');
    expect(planted).toMatchObject([{ id: 'lab-1/checkpoint/whole', kind: 'checkpoint', state: 'waiting' }]);
    await lab.grade();
    expect(await lab.store.listOperations('lab-1')).toHaveLength(1);
  });

  it('triggers the faults that wait for a check that has passed', async () => {
    const fault = (id: string, checkId: string): FaultSpec => ({
      id,
      when: { on: 'check', id: checkId, atLatestSeconds: null },
      say: null,
      steps: [],
    });
    const faults = [fault('first', 'a'), fault('second', 'c')];
    const lab = await open([passing('a'), failing('c')], { faults }, ['first', 'second']);
    await lab.grade();
    const due = await lab.store.claimDue(10, 30);
    expect(due).toContain('operation:lab-1/fault/first');
    expect(due).not.toContain('operation:lab-1/fault/second');
  });

  it('costs what was skipped', async () => {
    const tasks = [
      { ...task('one', ['a']), checkpoint: false, skip: { solution: 's', steps: [], penalty: 4 } },
    ];
    const lab = await open([passing('a')], { tasks });
    await lab.store.plantOperation('lab-1', { kind: 'skip', name: 'one', dueInSeconds: 0 });
    expect((await lab.grade())?.points).toBe(10);
    const work = await lab.store.startOperation('lab-1/skip/one', 30, []);
    const end = { state: 'done', detail: null, events: [] } as const;
    await lab.store.finishOperation('lab-1/skip/one', work?.fence ?? 0, end);
    expect(await lab.grade()).toMatchObject({ points: 6, penalty: 4 });
  });
});
