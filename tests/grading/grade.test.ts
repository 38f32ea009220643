import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type GradeInput, gradeLab } from '../../src/grading/grade.ts';
import { checkOrder } from '../../src/grading/grade-check.ts';
import { createJudge, type Judge } from '../../src/grading/judge/thread.ts';
import type { ComponentAccess } from '../../src/lab/ports.ts';
import type { CheckSpec, Template } from '../../src/templates/types.ts';
import { check, grading, httpLook, lookSpec, sqlLook, templateOf } from '../support/graded-lab.ts';
import { testHandle } from '../support/handle.ts';
import { type LabDatabase, startLabDatabase } from '../support/lab-database.ts';
import { type BareServer, bareServer, jsonReply, sampleApi } from '../support/misbehave.ts';

let db: LabDatabase;
let judge: Judge;
const servers: BareServer[] = [];

beforeAll(async () => {
  db = await startLabDatabase();
  judge = createJudge();
  await db.trainee(`create table facts (name text, n int); insert into facts values ('one', 1), ('two', 2)`);
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});
afterAll(async () => {
  await judge.close();
  await db.stop();
});

async function grade(
  checks: readonly CheckSpec[],
  more: Partial<GradeInput> & { template?: Partial<Template>; api?: ComponentAccess } = {},
  signal: AbortSignal = AbortSignal.timeout(60_000),
) {
  const { template, api, ...rest } = more;
  const handle = testHandle({
    database: db.access,
    api: api ?? sampleApi(1),
    workspace: { kind: 'shell', path: '/nonexistent' },
  });
  const { input } = grading(templateOf(checks, template), handle, { ...rest, judge });
  const graded = await gradeLab(input, signal);
  const verdicts = Object.fromEntries(graded.results.map((one) => [one.checkId, one.verdict]));
  const of = (id: string) => graded.results.find((one) => one.checkId === id);
  return { ...graded, verdicts, of };
}

const n = (name: string) => sqlLook('select n from facts where name = $1', { args: [name] });

describe('verdicts', () => {
  it('passes, fails, and blocks what needs a failed check', async () => {
    const { verdicts, points, maxPoints, of, judged } = await grade([
      check('blocked', 'a.rows[0].n == 1', { a: n('one') }, { needs: ['wrong'] }),
      check('right', 'a.rows[0].n == 1', { a: n('one') }),
      check('wrong', 'a.rows[0].n == 1', { a: n('two') }),
    ]);
    expect(verdicts).toEqual({ right: 'pass', wrong: 'fail', blocked: 'blocked' });
    expect([points, maxPoints]).toEqual([10, 30]);
    expect(of('wrong')?.message).toBe('Not so: wrong.');
    // By itself it would have passed: the proof of a template wants to know.
    expect(judged.find(({ result }) => result.checkId === 'blocked')?.result.verdict).toBe('pass');
  });

  it('fills what was seen and the parameters into messages, and no secret', async () => {
    const checks = [
      check(
        'one',
        'a.rows[0].n == params.wanted',
        { a: n('one') },
        {
          expect: [
            {
              that: 'a.rows[0].n == params.wanted',
              points: 10,
              else: 'It is {{a.rows[0].n}}, not {{params.wanted}}, {{params.key}}.',
              partial: [],
            },
          ],
        },
      ),
    ];
    const parameters = { key: { draw: 'secret', length: 10, redact: true } } as const;
    const { of } = await grade(checks, {
      params: { wanted: 7, key: 'hush-hush-9' },
      template: { parameters },
    });
    expect(of('one')?.message).toBe('It is 1, not 7, •••.');
  });

  it('charges the trainee for what they removed, with the reason', async () => {
    const { of } = await grade([
      check('gone', 'a.rows.size() == 0', { a: sqlLook('select 1 from never_made') }),
    ]);
    expect(of('gone')).toMatchObject({ verdict: 'fail', message: 'There is no table or view never_made.' });
  });

  it('reads answers, takes hints off, and keeps a sticky pass', async () => {
    const look = { a: lookSpec('answer', { question: 'q' }) };
    const checks = [
      check('answered', 'a.value == "yes"', look, { hints: [{ text: 'h', penalty: 3 }] }),
      check('seen-once', 'a.value == "no"', look, { sticky: true }),
    ];
    const progress = [{ checkId: 'seen-once', passedAt: new Date(), points: 10 }];
    const graded = await grade(checks, { answers: { q: 'yes' }, hintsTaken: { answered: 1 }, progress });
    expect(graded.verdicts).toEqual({ answered: 'pass', 'seen-once': 'pass' });
    expect([graded.points, graded.penalty]).toEqual([17, 3]);
  });
});

describe('looks', () => {
  it('that checks share reach the judge with the checks that name them, and no others', async () => {
    const handle = testHandle({
      database: db.access,
      api: sampleApi(1),
      workspace: { kind: 'shell', path: '/nonexistent' },
    });
    const none = { a: n('one') };
    const told = [{ that: 'a.rowCount == 9', points: 10, else: '{{two.rowCount}} of two.', partial: [] }];
    const checks = [
      check('reads', 'one.rowCount == 1', none),
      check('tells', 'a.rowCount == 9', none, { expect: told }),
    ];
    const version = templateOf(checks, { observations: { one: n('one'), two: n('two') } });
    const judged: string[] = [];
    const evaluate: Judge['evaluate'] = (batch, signal) => {
      judged.push(
        Object.keys(batch.scope)
          .filter((name) => ['one', 'two'].includes(name))
          .join(),
      );
      return judge.evaluate(batch, signal);
    };
    const { input } = grading(version, handle, { judge: { evaluate } });
    const { results } = await gradeLab(input, AbortSignal.timeout(10_000));
    expect(judged.sort()).toEqual(['one', 'two']);
    expect(results.map(({ evidence }) => Object.keys(evidence).sort())).toEqual([
      ['a', 'one'],
      ['a', 'two'],
    ]);
    expect(results[1]?.message).toBe('1 of two.');
  });

  it('looks at a shared observation once, and once more only when it was lost through our fault', async () => {
    const server = await bareServer((socket) => socket.end(jsonReply({ n: 1 })));
    servers.push(server);
    const checks = ['a', 'b', 'c'].map((id) => check(id, 'page.json.n == 1', {}));
    const { points } = await grade(checks, {
      api: server.access,
      template: { observations: { page: httpLook('/') } },
    });
    expect(points).toBe(30);
    expect(server.heads).toHaveLength(1);
  });

  it('runs independent checks side by side', async () => {
    const checks = ['a', 'b', 'c', 'd', 'e'].map((id) =>
      check(id, 'a.rows.size() == 1', { a: sqlLook('select pg_sleep(0.5)') }),
    );
    await grade([check('warm', 'a.rows.size() == 1', { a: n('one') })]);
    const start = performance.now();
    expect((await grade(checks)).points).toBe(50);
    expect(performance.now() - start).toBeLessThan(1_500);
  });

  it('keeps evidence that judges the same again, once per content', async () => {
    const { evidence, of } = await grade(
      [
        check('a', 'a.given', { a: lookSpec('answer', { question: 'q' }) }),
        check('b', 'b.given', { b: lookSpec('answer', { question: 'q' }) }),
      ],
      { answers: { q: 1 } },
    );
    expect(evidence).toHaveLength(1);
    expect(of('a')?.evidence).toEqual({ a: evidence[0]?.address });
    expect(of('b')?.evidence).toEqual({ b: evidence[0]?.address });
  });

  it('holds no check up with another one that hangs, and ends at the deadline of the attempt', async () => {
    const template = { grading: { deadlineSeconds: 1.5, onDemandEverySeconds: 1 } };
    const seen: string[] = [];
    const start = performance.now();
    const { verdicts, of } = await grade(
      [
        check('hangs', 'a.rows.size() == 1', { a: sqlLook('select pg_sleep(30)') }),
        check('fine', 'a.rows.size() == 1', { a: n('one') }),
      ],
      { template, onCheck: ({ checkId }) => seen.push(checkId) },
    );
    expect(performance.now() - start).toBeLessThan(2_500);
    expect(verdicts).toEqual({ hangs: 'fail', fine: 'pass' });
    expect(of('hangs')?.message).toMatch(/in time|within/);
    expect(seen).toEqual(['fine', 'hangs']);
  });

  it('ends at once when it is aborted', async () => {
    const stop = new AbortController();
    const graded = grade(
      [check('hangs', 'a.rows.size() == 1', { a: sqlLook('select pg_sleep(30)') })],
      {},
      stop.signal,
    );
    await sleep(200);
    const start = performance.now();
    stop.abort(new Error('stop'));
    await expect(graded).rejects.toThrow('stop');
    expect(performance.now() - start).toBeLessThan(200);
  });
});

describe('within', () => {
  const late = (id: string, seconds: number, more: Partial<CheckSpec> = {}) =>
    check(id, 'a.rows.size() == 1', { a: n('late') }, { withinSeconds: seconds, ...more });

  it('polls until it holds, and looks at what needs it after that', async () => {
    await db.trainee(`delete from facts where name = 'late'`);
    const graded = grade([
      check('after', 'a.rows[0].n == 9', { a: n('late') }, { needs: ['late'] }),
      late('late', 10),
    ]);
    await sleep(900);
    await db.trainee(`insert into facts values ('late', 9)`);
    const { verdicts, of } = await graded;
    expect(verdicts).toEqual({ late: 'pass', after: 'pass' });
    expect(of('late')?.durationMs).toBeGreaterThan(800);
  });

  it('reports the last mismatch when the time is over', async () => {
    await db.trainee(`delete from facts where name = 'late'`);
    const start = performance.now();
    const { of } = await grade([
      late('late', 1.2, {
        expect: [{ that: 'a.rows.size() == 1', points: 10, else: 'There are {{a.rowCount}}.', partial: [] }],
      }),
    ]);
    expect(of('late')).toMatchObject({ verdict: 'fail', message: 'There are 0.' });
    expect(performance.now() - start).toBeGreaterThan(1_150);
    expect(performance.now() - start).toBeLessThan(2_500);
  });

  it('does not wait for what can no longer come', async () => {
    const start = performance.now();
    const { verdicts } = await grade([
      check('wrong', 'a.rows[0].n == 1', { a: n('two') }),
      late('late', 15, { needs: ['wrong'] }),
    ]);
    expect(verdicts).toEqual({ wrong: 'fail', late: 'blocked' });
    expect(performance.now() - start).toBeLessThan(3_000);
  });

  it('waits for what needs a check that stays passed, and not for that check itself', async () => {
    await db.trainee(`delete from facts where name = 'late'`);
    const start = performance.now();
    const held = check('held', 'a.rows[0].n == 1', { a: n('two') }, { sticky: true, withinSeconds: 15 });
    const progress = [{ checkId: 'held', passedAt: new Date(), points: 10 }];
    const graded = grade([held, late('late', 10, { needs: ['held'] })], { progress });
    await sleep(900);
    await db.trainee(`insert into facts values ('late', 9)`);
    expect((await graded).verdicts).toEqual({ held: 'pass', late: 'pass' });
    expect(performance.now() - start).toBeLessThan(8_000);
  });
});

describe('our own faults', () => {
  const page = () => [check('page', 'p.status == 200', { p: httpLook('/') })];

  it('are errors, which cost nothing and block nothing for certain', async () => {
    const { verdicts, of } = await grade([
      ...page(),
      check('next', 'a.rows.size() == 1', { a: n('one') }, { needs: ['page'] }),
    ]);
    expect(verdicts).toEqual({ page: 'error', next: 'error' });
    expect(of('page')?.message).toMatch(/costs you nothing/);
    expect(of('page')?.internal).toContain('ECONNREFUSED');
  });

  it('are tried once more', async () => {
    let dials = 0;
    const server = await bareServer((socket) => socket.end(jsonReply({})));
    servers.push(server);
    const handle = testHandle({
      database: db.access,
      api: server.access,
      workspace: { kind: 'shell', path: '/x' },
    });
    const flaky = {
      ...handle,
      // The look and its control probe fail, the second effort gets through.
      dial: (name: string, signal: AbortSignal) =>
        ++dials <= 2 ? Promise.reject(new Error('down')) : handle.dial(name, signal),
    };
    const { input } = grading(templateOf(page()), flaky, { judge });
    expect((await gradeLab(input, AbortSignal.timeout(10_000))).results[0]?.verdict).toBe('pass');
    expect(dials).toBe(3);
  });

  it('are the trainee’s where the component is in their hands', async () => {
    const version = templateOf(page());
    const api = { ...version.template.components.api, custody: 'trainee' } as Template['components'][string];
    const components = { ...version.template.components, api };
    const { of } = await grade(page(), { template: { components } });
    expect(of('page')).toMatchObject({ verdict: 'fail', message: 'api cannot be reached: is it running?' });
  });
});

describe('checkOrder', () => {
  it('puts what is needed first, and ends for circles', () => {
    const of = (id: string, ...needs: string[]) => check(id, 'true', {}, { needs });
    expect(checkOrder([of('c', 'b'), of('a'), of('b', 'a')]).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect(checkOrder([of('a', 'b'), of('b', 'a')])).toHaveLength(2);
  });
});
