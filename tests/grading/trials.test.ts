/** Experiments on copies of a lab: what they show is judged, whose fault it is when they show nothing, and what is left. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runAttempt } from '../../src/grading/run-attempt.ts';
import type { CheckResult } from '../../src/grading/types.ts';
import { planOf } from '../../src/lab/plan.ts';
import type { Template, TrialSpec } from '../../src/templates/types.ts';
import { newSandbox } from '../contracts/store-contract.ts';
import { check, sqlLook } from '../support/graded-lab.ts';
import {
  act,
  graderSql,
  openTrialLab,
  startTrialWorld,
  type TrialLab,
  type TrialWorld,
  trial,
} from '../support/trial-lab.ts';

let world: TrialWorld;
beforeAll(async () => {
  world = await startTrialWorld();
});
afterAll(() => world.stop());

const all = sqlLook('select name, n from facts order by name, n');
const count = sqlLook('select count(*)::int as n from facts');
const observe = (name: string, look = all) => ({ do: 'observe', observe: { [name]: look } }) as const;
const tried = (id: string, that: string, more = {}) => check(id, that, {}, { trial: 'copy', ...more });
const open = (
  checks: Parameters<typeof openTrialLab>[1],
  trials: TrialSpec[],
  more: Partial<Template> = {},
) => openTrialLab(world, checks, { trials, ...more });

const resultOf = (attempt: Awaited<ReturnType<TrialLab['grade']>>, id: string): CheckResult | undefined =>
  attempt?.results.find(({ checkId }) => checkId === id);
const liveFacts = async () => (await world.live.admin('select name, n from facts')).rows;

describe('a trial on a copy', () => {
  const two = [graderSql('add', `insert into facts values ('two', 2)`), observe('after')];

  it('shows its checks what came of its steps, and changes nothing in the lab', async () => {
    const lab = await open(
      [
        tried('more', 'after.rows.size() == 2 && own.rows[0].n == 1', { observe: { own: count } }),
        tried('same', 'after.rows[1].n == 2'),
      ],
      [trial('copy', two)],
    );
    const attempt = await lab.grade();
    expect(attempt?.results.map(({ verdict }) => verdict)).toEqual(['pass', 'pass']);
    expect(await liveFacts()).toEqual([{ name: 'one', n: 1 }]);
    // Run once, and kept once, for both.
    expect(lab.effects.filter((effect) => effect.startsWith('ensure'))).toEqual(['ensure fork-1 database']);
    const [more, same] = attempt?.results ?? [];
    expect(more?.evidence.after).toBe(same?.evidence.after);
    expect(Object.keys(same?.evidence ?? {})).toEqual(['after']);
  });

  it('leaves no copy, and tells of the pause before it', async () => {
    const lab = await open([tried('a', 'after.rows.size() == 2')], [trial('copy', two)]);
    await lab.grade();
    expect(lab.leftOver()).toEqual([]);
    const { sandbox } = await lab.store.getSandbox('fork-1');
    expect(sandbox).toMatchObject({ state: 'dead', owner: 'attempt:att-1' });
    const events = await lab.store.eventsAfter('lab-1', 0, 100);
    const told = events.find(({ type }) => type === 'lab.pausing');
    expect(told?.data).toEqual({ attempt: 1, components: ['database'] });
  });

  it('draws other values for each attempt, which its checks know and no message tells when they are secret', async () => {
    const draws = {
      number: { draw: 'int', redact: false, from: 1, to: 1_000_000_000 },
      word: { draw: 'secret', redact: true, length: 12 },
    } as const;
    const steps = [
      graderSql('add', 'insert into facts values ($1, $2)', ['{{attempt.word}}', '{{attempt.number}}']),
      observe('after', sqlLook('select name, n from facts where n = $1', { args: ['{{attempt.number}}'] })),
    ];
    const told = { that: 'after.rowCount == 9', points: 10, else: '{{after.rows[0].name}}', partial: [] };
    const lab = await open(
      [
        tried('known', 'after.rows[0].name == attempt.word && after.rows[0].n == attempt.number'),
        tried('told', '', { expect: [told] }),
      ],
      [trial('copy', steps, { draws })],
    );
    const first = await lab.grade();
    const second = await lab.grade();
    expect([resultOf(first, 'known')?.verdict, resultOf(second, 'known')?.verdict]).toEqual(['pass', 'pass']);
    expect(resultOf(first, 'told')?.message).toBe('•••');
    expect(resultOf(first, 'known')?.evidence.after).not.toBe(resultOf(second, 'known')?.evidence.after);
  });

  it('hands what it observed to later steps', async () => {
    const steps = [
      observe('before'),
      graderSql('add', 'insert into facts values ($1, 5)', ['{{observed.before.rows[0].name}}']),
      observe('after', sqlLook('select name from facts where n = 5')),
    ];
    const lab = await open([tried('a', 'after.rows[0].name == "one"')], [trial('copy', steps)]);
    expect(resultOf(await lab.grade(), 'a')?.verdict).toBe('pass');
  });

  it('compares with the untouched start, on which every step is done too', async () => {
    await world.start.trainee(`truncate facts; insert into facts values ('one', 1), ('old', 7)`);
    const lab = await open(
      [tried('a', 'after.rows[0].n == 2 && after.start.rows[0].n == 3')],
      [
        trial('copy', [graderSql('add', `insert into facts values ('two', 2)`), observe('after', count)], {
          beside: { components: ['database'] },
        }),
      ],
    );
    expect(resultOf(await lab.grade(), 'a')).toMatchObject({ verdict: 'pass' });
    expect(lab.leftOver()).toEqual([]);
    await world.start.trainee(`truncate facts; insert into facts values ('one', 1)`);
  });

  it('polls only what the check itself looks at', async () => {
    const late = tried('a', 'after.rows.size() == 2 && own.rows[0].n == 2', {
      observe: { own: count },
      withinSeconds: 10,
    });
    const lab = await open([late], [trial('copy', two)]);
    const grading = lab.grade();
    await sleep(1_000);
    await world.live.trainee(`insert into facts values ('late', 9)`);
    expect(resultOf(await grading, 'a')?.verdict).toBe('pass');
    expect(lab.effects.filter((effect) => effect.startsWith('ensure'))).toHaveLength(1);
  });
});

describe('a trial that shows nothing', () => {
  it('is the trainee’s where a step was refused and we can reach the copy', async () => {
    const steps = [graderSql('add', `insert into gone values (1)`), observe('after')];
    const lab = await open([tried('a', 'after.rowCount == 1')], [trial('copy', steps)]);
    const result = resultOf(await lab.grade(), 'a');
    expect(result?.verdict).toBe('fail');
    expect(result?.message).toMatch(/a step failed: .*gone/);
  });

  it('is the trainee’s where a look needs what an earlier one should have shown and did not', async () => {
    const later = sqlLook('select n from facts where name = $1', {
      args: ['{{observed.none.rows[0].name}}'],
    });
    const steps = [observe('none', sqlLook(`select name from facts where n = 99`)), observe('later', later)];
    const lab = await open([tried('a', 'none.rowCount == 0 && later.rowCount == 1')], [trial('copy', steps)]);
    const result = resultOf(await lab.grade(), 'a');
    expect(result).toMatchObject({ verdict: 'fail', internal: expect.stringMatching(/observed\.none/) });
  });

  it('is the trainee’s where what it waits for does not come, unless it goes on then', async () => {
    const wait = (orGoOn: boolean) =>
      act('wait', 'wait', {
        until: 'now.rows[0].n == 2',
        observe: { now: { sql: { component: 'database', query: 'select count(*)::int as n from facts' } } },
        within: '300ms',
        orGoOn,
      });
    const lab = await open(
      [
        tried('stops', 'after.rowCount == 1'),
        check('goes-on', 'later.rowCount == 1', {}, { trial: 'patient' }),
      ],
      [trial('copy', [wait(false), observe('after')]), trial('patient', [wait(true), observe('later')])],
    );
    const attempt = await lab.grade();
    expect(resultOf(attempt, 'stops')).toMatchObject({ verdict: 'fail', message: /did not hold/ });
    expect(resultOf(attempt, 'goes-on')?.verdict).toBe('pass');
  });

  it('is ours where the copy cannot be reached while a step fails', async () => {
    const lab = await open(
      [tried('a', 'after.rowCount == 1')],
      [trial('copy', [graderSql('add', `insert into facts values ('two', 2)`), observe('after')])],
    );
    lab.fails = (effect) => effect.startsWith('dial fork');
    const result = resultOf(await lab.grade(), 'a');
    expect(result).toMatchObject({ verdict: 'error', message: /costs you nothing/ });
    expect(lab.leftOver()).toEqual([]);
  });

  it('is ours where no copy can be made; it is run once more, and no more', async () => {
    const lab = await open([tried('a', 'after.rowCount == 1')], [trial('copy', [observe('after')])]);
    lab.fails = (effect) => effect.startsWith('ensure');
    expect(resultOf(await lab.grade(), 'a')?.verdict).toBe('error');
    // The copy that was made before any look, the trial's own, and once more.
    expect(lab.effects.filter((effect) => effect.startsWith('ensure'))).toHaveLength(3);

    let failures = 2;
    lab.fails = (effect) => effect.startsWith('ensure') && failures-- > 0;
    expect(resultOf(await lab.grade(), 'a')?.verdict).toBe('pass');
    expect(lab.leftOver()).toEqual([]);
  });

  it('ends at its own deadline, and holds up no other check', async () => {
    const slow = [act('wait', 'wait', { for: '20s' }), observe('after')];
    const lab = await open(
      [tried('a', 'after.rowCount == 1'), check('b', 'own.rowCount == 1', { own: all })],
      [trial('copy', slow, { deadlineSeconds: 1 })],
    );
    const start = performance.now();
    const attempt = await lab.grade();
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(resultOf(attempt, 'a')).toMatchObject({ verdict: 'fail', message: /longer than it may/ });
    expect(resultOf(attempt, 'b')?.verdict).toBe('pass');
  });
});

describe('several trials', () => {
  it('share one pause of the lab, before any look, and run side by side', async () => {
    const slow = (name: string) => [
      graderSql('add', 'insert into facts select $1, 1 from pg_sleep(2)', [name]),
      observe(name),
    ];
    const names = ['x', 'y', 'z'];
    const checks = names.map((name) => check(name, `${name}.rowCount == 2`, { own: all }, { trial: name }));
    const lab = await open(
      checks,
      names.map((name) => trial(name, slow(name))),
    );
    const start = performance.now();
    const attempt = await lab.grade();
    const took = performance.now() - start;
    expect(attempt?.results.map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'pass']);
    expect(took).toBeLessThan(2_000 * 1.3);
    expect(lab.effects[0]).toBe('ensure fork-1 database');
    expect(lab.effects.filter((effect) => effect.startsWith('ensure'))).toHaveLength(4);
    const { sandbox } = await lab.store.getSandbox('fork-2');
    expect(sandbox?.origin?.sandboxId).toBe('fork-1');
    const events = await lab.store.eventsAfter('lab-1', 0, 100);
    expect(events.filter(({ type }) => type === 'lab.pausing')).toHaveLength(1);
  });
});

describe('a crash', () => {
  it('leaves no copy when grading is stopped in the middle of a trial', async () => {
    const lab = await open(
      [tried('a', 'after.rowCount == 1')],
      [trial('copy', [act('wait', 'wait', { for: '20s' }), observe('after')])],
    );
    const stop = new AbortController();
    const grading = lab.grade(stop.signal);
    await sleep(700);
    expect(lab.leftOver()).toEqual(['fork-1']);
    stop.abort(new Error('shutdown'));
    await expect(grading).rejects.toThrow('shutdown');
    expect(lab.leftOver()).toEqual([]);
    expect((await lab.store.getSandbox('fork-1')).sandbox?.state).toBe('dead');
  });

  it('marks copies that could not be destroyed for the sweep', async () => {
    const lab = await open([tried('a', 'after.rowCount == 1')], [trial('copy', [observe('after')])]);
    lab.fails = (effect) => effect.startsWith('destroy');
    expect(resultOf(await lab.grade(), 'a')?.verdict).toBe('pass');
    expect(lab.leftOver()).toEqual(['fork-1']);
    expect((await lab.store.getSandbox('fork-1')).sandbox?.state).toBe('dead');
  });
});

describe('a trial on the live lab', () => {
  const live = (steps: TrialSpec['steps']) =>
    trial('copy', steps, {
      fork: null,
      undo: [graderSql('undo', `delete from facts where name = 'tried'`).step],
    });
  const add = graderSql('add', `insert into facts values ('tried', 3)`);

  it('is alone with the lab, and undone', async () => {
    const looks = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => [name, count]));
    const others = Object.keys(looks).map((name) => `${name}.rows[0].n == 1`);
    const lab = await open(
      [check('others', others.join(' && '), looks), tried('a', 'after.rowCount == 2')],
      [live([add, act('wait', 'wait', { for: '300ms' }), observe('after')])],
    );
    expect((await lab.grade())?.results.map(({ verdict }) => verdict)).toEqual(['pass', 'pass']);
    expect(await liveFacts()).toEqual([{ name: 'one', n: 1 }]);
    expect(lab.effects.filter((effect) => effect.startsWith('ensure'))).toEqual([]);
  });

  it('is undone when a step fails, and when grading is stopped', async () => {
    const gone = graderSql('gone', 'insert into gone values (1)');
    const lab = await open([tried('a', 'after.rowCount == 2')], [live([add, gone, observe('after')])]);
    expect(resultOf(await lab.grade(), 'a')?.verdict).toBe('fail');
    expect(await liveFacts()).toEqual([{ name: 'one', n: 1 }]);

    const hangs = await open(
      [tried('a', 'after.rowCount == 2')],
      [live([add, act('wait', 'wait', { for: '20s' }), observe('after')])],
    );
    const stop = new AbortController();
    const grading = hangs.grade(stop.signal);
    await sleep(500);
    expect(await liveFacts()).toHaveLength(2);
    stop.abort(new Error('shutdown'));
    await expect(grading).rejects.toThrow('shutdown');
    expect(await liveFacts()).toEqual([{ name: 'one', n: 1 }]);
  });

  it('is undone first where a grader died in the middle of it', async () => {
    const lab = await open([tried('a', 'after.rowCount == 2')], [live([add, observe('after')])]);
    const id = await lab.request();
    await lab.store.startAttempt(id, 0);
    await world.live.trainee(`insert into facts values ('tried', 3)`);
    await runAttempt(id, lab.deps, AbortSignal.timeout(20_000));
    expect(resultOf(await lab.latest(), 'a')?.verdict).toBe('pass');
    expect(await liveFacts()).toEqual([{ name: 'one', n: 1 }]);
  });
});

describe('a trial on the live lab whose grader died and that is not graded any more', () => {
  const add = graderSql('add', `insert into facts values ('tried', 3)`);
  const undo = [graderSql('undo', `delete from facts where name = 'tried'`).step];
  const spoiled = [
    { name: 'one', n: 1 },
    { name: 'tried', n: 3 },
  ];
  async function died(runs: number): Promise<{ readonly lab: TrialLab; readonly id: string }> {
    const lab = await open(
      [tried('a', 'after.rowCount == 2')],
      [trial('copy', [add, observe('after')], { fork: null, undo })],
    );
    const id = await lab.request();
    for (let run = 0; run < runs; run += 1) await lab.store.startAttempt(id, 0);
    await world.live.trainee(`insert into facts values ('tried', 3)`);
    return { lab, id };
  }
  const run = ({ lab, id }: Awaited<ReturnType<typeof died>>) =>
    runAttempt(id, lab.deps, AbortSignal.timeout(20_000));
  async function move(lab: TrialLab, change: object): Promise<void> {
    const { lab: row, sandbox } = await lab.store.getLab('lab-1');
    const all = { sandbox: { version: sandbox?.version ?? 0, change: {} }, ...change };
    expect(await lab.store.transition('lab-1', row?.version ?? 0, all, [])).not.toBeNull();
  }
  async function reset(lab: TrialLab): Promise<void> {
    const { sandbox } = await lab.store.getLab('lab-1');
    const database = sandbox?.components.database;
    if (sandbox === null || database === undefined) throw new Error('no database');
    const components = { ...sandbox.components, database: { ...database, generation: 2 } };
    await move(lab, { sandbox: { version: sandbox.version, change: { components } } });
  }

  it('is undone before it is void for a part that was reset', async () => {
    const it = await died(1);
    await reset(it.lab);
    await run(it);
    expect(await it.lab.latest()).toMatchObject({ state: 'void', voidReason: /Reset before/ });
    expect(await liveFacts()).toEqual([{ name: 'one', n: 1 }]);
  });

  it('is undone before it is given up', async () => {
    const it = await died(5);
    await run(it);
    expect(await it.lab.latest()).toMatchObject({ state: 'void', voidReason: /fault of ours/ });
    expect(await liveFacts()).toEqual([{ name: 'one', n: 1 }]);
  });

  it('is left as it is when undoing it broke workers too', async () => {
    const it = await died(7);
    await run(it);
    expect(await it.lab.latest()).toMatchObject({ state: 'void' });
    expect(await liveFacts()).toEqual(spoiled);
  });

  it('touches nothing where no earlier run was, or the lab ends', async () => {
    const first = await died(0);
    await reset(first.lab);
    await run(first);
    expect(await first.lab.latest()).toMatchObject({ state: 'void' });
    expect(await liveFacts()).toEqual(spoiled);

    const ending = await died(1);
    await move(ending.lab, { phase: 'terminating', endReason: 'deleted' });
    await run(ending);
    expect(await ending.lab.latest()).toMatchObject({ state: 'void' });
    expect(await liveFacts()).toEqual(spoiled);
    expect(ending.lab.effects).toEqual([]);
  });
});

describe('a look at the start', () => {
  it('sees the lab as it was, in one copy for all looks', async () => {
    await world.live.trainee('truncate facts');
    const was = { ...count, at: 'start' };
    const lab = await open(
      [
        check('a', 'was.rows[0].n == 1 && now.rows[0].n == 2', { was, now: count }),
        check('b', 'was.rows[0].n == 1', { was: { ...was } }),
      ],
      [],
    );
    await world.live.trainee(`insert into facts values ('mine', 4)`);
    expect((await lab.grade())?.results.map(({ verdict }) => verdict)).toEqual(['pass', 'pass']);
    expect(lab.effects.filter((effect) => effect.startsWith('ensure'))).toEqual(['ensure fork-1 database']);
    expect(lab.leftOver()).toEqual([]);
  });

  it('is our fault when it cannot be made', async () => {
    const lab = await open([check('a', 'was.rowCount == 1', { was: { ...count, at: 'start' } })], []);
    lab.fails = (effect) => effect.startsWith('ensure');
    expect(resultOf(await lab.grade(), 'a')?.verdict).toBe('error');
  });
});

describe('a look at a kept state', () => {
  const was = { ...count, at: 'checkpoint:one' };
  const checks = [check('a', 'was.rows[0].n == 1 && now.rows[0].n == 2', { was, now: count })];

  it('sees it as it was kept, without another copy', async () => {
    const lab = await open(checks, []);
    const { store } = lab;
    const id = 'lab-1/checkpoint/one';
    await store.plantOperation('lab-1', { kind: 'checkpoint', name: 'one', dueInSeconds: 0 });
    const work = await store.startOperation(id, 30, []);
    const origin = { sandboxId: 'live', generations: { database: 1 } };
    const box = newSandbox('kept', { components: ['database'], origin });
    const row = await store.startCheckpoint(id, work?.fence ?? 0, box);
    const version = await store.load('hash-1');
    if (row === null || version === null) throw new Error('nothing was started');
    await lab.deps.drivers
      .get('process')
      ?.ensure(planOf(row, version, {}), 'database', new AbortController().signal);
    await store.finishOperation(id, work?.fence ?? 0, {
      state: 'done',
      detail: null,
      sandboxId: 'kept',
      events: [],
    });
    await world.live.trainee(`insert into facts values ('mine', 4)`);
    expect(resultOf(await lab.grade(), 'a')?.verdict).toBe('pass');
    const made = lab.effects.filter((effect) => effect.startsWith('ensure'));
    // It stands still until it is looked at.
    expect(made).toEqual(['ensure kept database', 'ensure kept database']);
    expect(lab.leftOver()).toEqual(['kept']);
  });

  it('is the trainee’s to reach: before, the check fails with that reason', async () => {
    const lab = await open(checks, []);
    expect(resultOf(await lab.grade(), 'a')).toMatchObject({ verdict: 'fail', message: /not kept yet/ });
  });
});

describe('a trial whose checks all wait for an event', () => {
  it('is not run, and the lab is not held up for it', async () => {
    const faults = [{ id: 'drill', when: { on: 'time', afterSeconds: 9 }, say: null, steps: [] }] as const;
    const lab = await open(
      [tried('a', 'after.rowCount == 1', { require: { event: 'drill' } })],
      [trial('copy', [observe('after')])],
      { faults },
    );
    expect(resultOf(await lab.grade(), 'a')?.verdict).toBe('blocked');
    expect(lab.effects.filter((effect) => effect.startsWith('ensure'))).toEqual([]);
  });
});
