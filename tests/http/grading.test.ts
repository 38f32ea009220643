import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { result, secretWords } from './sample-version.ts';
import { client, startWorld, type World } from './world.ts';

let world: World;
let teacher: ReturnType<typeof client>;

beforeAll(async () => {
  world = await startWorld();
  teacher = client(world.app, await world.token('instructor', 'teacher'));
});
afterAll(() => world.stop());

async function readyLab(name: string) {
  const who = client(world.app, await world.token('trainee', name));
  const { json: lab } = await who('POST', '/labs', { template: 'first-steps' });
  await world.makeReady(lab.id, { email: 'x@example.org', key: 'SECRET-PARAM' });
  return { who, id: lab.id as string };
}

const allPass = [
  result('open', 'pass', 10, 10),
  result('title-only', 'pass', 5, 5),
  result('after-submit', 'fail', 2, 7),
];

describe('an attempt', () => {
  it('is refused with the state while the lab is not ready', async () => {
    const ann = client(world.app, await world.token('trainee', 'ann'));
    const { json: lab } = await ann('POST', '/labs', { template: 'first-steps' });
    const early = await ann('POST', `/labs/${lab.id}/attempts`, {});
    expect(early.status).toBe(409);
    expect(early.json).toMatchObject({ code: 'lab_not_ready', phase: 'requested' });
    await ann('DELETE', `/labs/${lab.id}`);
    const late = await ann('POST', `/labs/${lab.id}/attempts`, {});
    expect(late.json.code).toBe('lab_ended');
  });

  it('is accepted, one at a time, and read where Location says', async () => {
    const { who, id } = await readyLab('bea');
    const asked = await who('POST', `/labs/${id}/attempts`);
    expect(asked.status).toBe(202);
    expect(asked.headers.location).toBe(`/api/v1/labs/${id}/attempts/1`);
    expect(asked.json).toMatchObject({ number: 1, final: false, state: 'queued', points: null });
    const second = await who('POST', `/labs/${id}/attempts`, {});
    expect(second.json).toMatchObject({ code: 'attempt_running', attempt: 1 });
    await world.grade(id, allPass);
    expect((await who('GET', String(asked.headers.location))).json.state).toBe('finished');
    expect((await who('GET', `/labs/${id}/attempts/2`)).json.code).toBe('attempt_not_found');
    expect((await who('GET', `/labs/${id}/attempts/0`)).status).toBe(422);
  });

  it('keeps back what the template hides until the lab is handed in, also in the sums', async () => {
    const { who, id } = await readyLab('cleo');
    await who('POST', `/labs/${id}/attempts`, {});
    await world.grade(id, allPass);
    const mine = (await who('GET', `/labs/${id}/attempts/1`)).json;
    expect(mine).toMatchObject({ points: 10, maxPoints: 10, hiddenChecks: 2 });
    const shown = mine.results.map(
      (one: { shown: boolean; verdict: string | null; points: number | null }) => [
        one.shown,
        one.verdict,
        one.points,
      ],
    );
    expect(shown).toEqual([
      [true, 'pass', 10],
      [false, null, null],
      [false, null, null],
    ]);
    const theirs = (await teacher('GET', `/labs/${id}/attempts/1`)).json;
    expect(theirs).toMatchObject({ points: 17, maxPoints: 22, hiddenChecks: 0 });
    expect(theirs.results[0]).toMatchObject({
      internal: 'INTERNAL-TEXT',
      evidence: { row: 'EVIDENCE-ADDRESS' },
    });

    await who('POST', `/labs/${id}/attempts`, { final: true });
    await world.grade(id, [
      result('open', 'fail', 4, 10),
      result('title-only', 'fail', 0, 5),
      result('after-submit', 'fail', 2, 7),
    ]);
    const final = (await who('GET', `/labs/${id}/attempts/2`)).json;
    expect(final).toMatchObject({ final: true, points: 6, maxPoints: 22, hiddenChecks: 0 });
    expect(final.results.map((one: { message: string | null }) => one.message)).toEqual([
      'Message of open',
      null,
      'Message of after-submit',
    ]);
    const again = await who('POST', `/labs/${id}/attempts`, { final: true });
    expect(again.status).toBe(409);
  });
});

describe('progress', () => {
  it('shows each check as its visibility says, and keeps what was passed', async () => {
    const { who, id } = await readyLab('dana');
    const before = (await who('GET', `/labs/${id}/progress`)).json;
    expect(before).toMatchObject({ points: 0, maxPoints: 10, latestAttempt: null, submitted: null });
    expect(
      before.tasks.map((task: { checks: { state: string }[] }) => task.checks.map((c) => c.state)),
    ).toEqual([['not_graded', 'hidden'], ['hidden']]);
    await who('POST', `/labs/${id}/attempts`, {});
    await world.grade(id, allPass);
    await who('POST', `/labs/${id}/attempts`, {});
    await world.grade(id, [result('open', 'fail', 4, 10)]);
    const now = (await who('GET', `/labs/${id}/progress`)).json;
    const [open] = now.tasks[0].checks;
    expect(open).toMatchObject({ state: 'pass', latest: 'fail', points: 10, message: 'Message of open' });
    expect(open.passedAt).not.toBeNull();
    expect(now).toMatchObject({ points: 10, maxPoints: 10, latestAttempt: 2 });
    const full = (await teacher('GET', `/labs/${id}/progress`)).json;
    expect(full.tasks[0].checks[1]).toMatchObject({ state: 'pass', points: 5 });
    await who('POST', `/labs/${id}/attempts`, { final: true });
    await world.grade(id, allPass);
    const done = (await who('GET', `/labs/${id}/progress`)).json;
    expect(done).toMatchObject({ submitted: { attempt: 3, points: 17 }, points: 17, maxPoints: 22 });
    expect(done.tasks[1].checks[0]).toMatchObject({ state: 'fail', message: 'Message of after-submit' });
  });
});

describe('answers', () => {
  it('are normalised as the question says and shown in the progress', async () => {
    const { who, id } = await readyLab('ella');
    const why = await who('PUT', `/labs/${id}/answers/why`, { value: '  Because\n\n of   IT ' });
    expect(why.json).toEqual({ question: 'why', value: 'because of it' });
    expect((await who('PUT', `/labs/${id}/answers/many`, { value: 2.5 })).json.value).toBe(2.5);
    expect((await who('PUT', `/labs/${id}/answers/colour`, { value: 'red' })).status).toBe(200);
    expect((await who('PUT', `/labs/${id}/answers/colour`, { value: 'blue' })).status).toBe(200);
    const { questions } = (await who('GET', `/labs/${id}/progress`)).json;
    expect(questions.map((one: { given: unknown }) => one.given)).toEqual(['blue', 'because of it', 2.5]);
    expect(questions[1].ask).toBe('Why, x@example.org?');
  });

  it.each([
    ['colour', 'green', '"red", "blue"'],
    ['colour', 5, '"red", "blue"'],
    ['why', 7, 'text'],
    ['why', 'x'.repeat(2_001), 'at most 2000 characters'],
    ['many', '12', 'a finite number'],
    ['why', 'a\u0000b', 'well-formed text without U+0000'],
    ['why', ['x'], 'text'],
    ['why', { x: 1 }, 'text, a finite number, or a list of options'],
  ])('that do not fit are refused: %s %j', async (question, value, allowed) => {
    const { who, id } = await readyLab(`f-${question}-${JSON.stringify(value).length}`);
    const refused = await who('PUT', `/labs/${id}/answers/${question}`, { value });
    expect(refused.status).toBe(422);
    expect(refused.json.errors[0]).toMatchObject({ field: 'value', allowed });
  });

  it('may not be numbers that JSON can write and a double cannot hold', async () => {
    const { who, id } = await readyLab('flo');
    const huge = await who('PUT', `/labs/${id}/answers/many`, '{"value":1e999}', {
      'content-type': 'application/json',
    });
    expect(huge.status).toBe(422);
  });

  it('to unknown questions name the one that was meant', async () => {
    const { who, id } = await readyLab('gil');
    const unknown = await who('PUT', `/labs/${id}/answers/color`, { value: 'red' });
    expect(unknown.json).toMatchObject({ code: 'question_not_found', suggestion: 'colour' });
  });
});

describe('hints', () => {
  it('come one after the other, cost what they say, and cost nothing when asked for again', async () => {
    const { who, id } = await readyLab('hana');
    const take = (body = {}) => who('POST', `/labs/${id}/checks/open/hints`, body);
    expect((await take({ number: 2 })).status).toBe(422);
    expect((await take()).json).toEqual({ number: 1, text: 'Look at x@example.org.', penalty: 0 });
    expect((await take({ number: 2 })).json).toEqual({ number: 2, text: 'Second hint.', penalty: 3 });
    expect((await take({ number: 2 })).json.number).toBe(2);
    expect((await take({ number: 1 })).json.text).toBe('Look at x@example.org.');
    const over = await take();
    expect(over.status).toBe(409);
    expect(over.json).toMatchObject({ available: 2, taken: 2 });
    const { penalty, tasks } = (await who('GET', `/labs/${id}/progress`)).json;
    expect(penalty).toBe(3);
    expect(tasks[0].checks[0].hints).toMatchObject({ available: 2, nextPenalty: null });
    expect((await who('POST', `/labs/${id}/checks/title-only/hints`)).status).toBe(409);
    const unknown = await who('POST', `/labs/${id}/checks/title-onyl/hints`);
    expect(unknown.json).toMatchObject({ code: 'check_not_found', suggestion: 'title-only' });
  });
});

describe('what a trainee reads', () => {
  const forbiddenKeys = [
    'internal',
    'evidence',
    'expectations',
    'solutions',
    'wrong',
    'expect',
    'observe',
    'that',
    'seed',
  ];

  function keysOf(value: unknown): string[] {
    if (Array.isArray(value)) return value.flatMap(keysOf);
    if (value === null || typeof value !== 'object') return [];
    return Object.entries(value).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
  }

  it('holds no solution, no look, no evidence and no internal word, wherever they look', async () => {
    const { who, id } = await readyLab('iris');
    await who('POST', `/labs/${id}/attempts`, { final: true });
    await world.grade(id, allPass);
    await who('DELETE', `/labs/${id}`);
    await world.terminate(id);
    const paths = [
      '/me',
      '/templates',
      '/templates/first-steps',
      '/templates/first-steps/instructions',
      '/labs',
      `/labs/${id}`,
      `/labs/${id}/guide`,
      `/labs/${id}/attempts`,
      `/labs/${id}/attempts/1`,
      `/labs/${id}/progress`,
      `/labs/${id}/events`,
      '/catalogue',
      '/',
    ];
    for (const path of paths) {
      const answer = await who('GET', path);
      expect(answer.status, path).toBe(200);
      for (const word of secretWords) expect(answer.text, path).not.toContain(word);
      expect(
        keysOf(answer.json).filter((key) => forbiddenKeys.includes(key)),
        path,
      ).toEqual([]);
    }
    // The same words are there for those who may read them: the search above can find something.
    const teachers = await teacher('GET', `/labs/${id}/attempts/1`);
    expect(teachers.text).toContain('INTERNAL-TEXT');
    expect(keysOf(teachers.json)).toContain('evidence');
  });
});
