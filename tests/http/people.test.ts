import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sealEvidence } from '../../src/grading/values/evidence.ts';
import type { TemplateVersion } from '../../src/templates/types.ts';
import { result, sampleVersion } from './sample-version.ts';
import { client, startWorld, type World } from './world.ts';

let world: World;
let teacher: ReturnType<typeof client>;

/** As the sample, with a report that a person marks and a task that waits. */
function versionWithReport(): TemplateVersion {
  const plain = sampleVersion();
  const [open, ...others] = plain.template.checks;
  if (open === undefined) throw new Error('the sample has no checks');
  const criteria = [
    { id: 'cause', points: 6, text: 'The cause', full: 'named', half: 'guessed' },
    { id: 'style', points: 4, text: 'Readable', full: null, half: null },
  ];
  const report = { ...open, id: 'report', expect: [], hints: [], rubric: { of: null, criteria } };
  const [first, second] = plain.template.tasks;
  if (first === undefined || second === undefined) throw new Error('the sample has no tasks');
  return sampleVersion({
    checks: [open, report, ...others],
    tasks: [
      { ...first, checks: [...first.checks, 'report'] },
      { ...second, text: 'tasks/1.md', opens: "checks['open'].passed" },
    ],
    questions: [
      ...plain.template.questions,
      { id: 'signs', kind: 'choice', ask: 'Which?', options: ['a', 'b', 'c'], multiple: true, normalise: [] },
      { id: 'notes', kind: 'file', ask: 'Hand in', options: [], multiple: false, normalise: [] },
    ],
    reveal: 'afterEnd',
  });
}

beforeAll(async () => {
  world = await startWorld({ versions: [versionWithReport()] });
  teacher = client(world.app, await world.token('instructor', 'teacher'));
});
afterAll(() => world.stop());

async function readyLab(name: string) {
  const who = client(world.app, await world.token('trainee', name));
  const { json: lab } = await who('POST', '/labs', { template: 'first-steps' });
  await world.makeReady(lab.id, { email: 'x@example.org', key: 'SECRET-PARAM' });
  return { who, id: lab.id as string };
}

const found = [result('open', 'fail', 4, 10), result('report', 'blocked', 0, 10)];

describe('marks', () => {
  it('count as soon as they are given, also in what was handed in before', async () => {
    const { who, id } = await readyLab('mara');
    const work = sealEvidence({ files: ['the report'] });
    await who('POST', `/labs/${id}/attempts`, { final: true });
    const [open, report] = found;
    if (open === undefined || report === undefined) throw new Error('no results');
    await world.grade(id, [open, { ...report, evidence: { of: work.address } }], 0, [work]);
    expect((await who('GET', `/labs/${id}/progress`)).json.submitted.points).toBe(4);

    const seen = (await teacher('GET', `/labs/${id}/marks`)).json.items;
    expect(seen).toMatchObject([{ check: 'report', mark: null, work: { files: ['the report'] } }]);
    const marks = { cause: 'full', style: 'half' };
    const given = await teacher('PUT', `/labs/${id}/marks/report`, { marks, comment: 'Good.' });
    expect(given.json).toMatchObject({ check: 'report', marks, by: 'teacher' });

    const attempt = (await who('GET', `/labs/${id}/attempts/1`)).json;
    expect(attempt).toMatchObject({ points: 12, maxPoints: 32 });
    const marked = attempt.results.find((one: { check: string }) => one.check === 'report');
    expect(marked).toMatchObject({ verdict: 'fail', points: 8, mark: { marks, comment: 'Good.' } });
    expect((await who('GET', `/labs/${id}/progress`)).json.submitted.points).toBe(12);
    expect(await world.audit.list({ target: id, limit: 1 })).toMatchObject([
      { actor: 'teacher', action: 'check.mark', detail: { check: 'report', marks } },
    ]);
  });

  it('are refused with the criterion, the level or the check that is wrong', async () => {
    const { id } = await readyLab('milo');
    const put = (check: string, marks: object) => teacher('PUT', `/labs/${id}/marks/${check}`, { marks });
    expect((await put('report', { cause: 'full' })).json.errors).toMatchObject([
      { field: 'marks.style', found: 'nothing', allowed: 'full, half, none' },
    ]);
    expect((await put('report', { cause: 'most', style: 'full' })).json.errors[0].field).toBe('marks.cause');
    expect((await put('report', { cause: 'full', style: 'full', wit: 'full' })).json.errors[0].found).toBe(
      '"wit"',
    );
    expect((await put('open', { cause: 'full', style: 'full' })).json.code).toBe('conflict');
    expect((await put('repot', { cause: 'full', style: 'full' })).json).toMatchObject({
      code: 'check_not_found',
      suggestion: 'report',
    });
  });
});

describe('an override', () => {
  it("counts instead of the grader's verdict and shows both, with the reason", async () => {
    const { who, id } = await readyLab('odo');
    await who('POST', `/labs/${id}/attempts`, {});
    expect((await override(id, 1, 'open', { verdict: 'pass', reason: 'early' })).json.code).toBe('conflict');
    await world.grade(id, found);
    const said = await override(id, 1, 'open', { verdict: 'pass', reason: 'The check was too strict.' });
    expect(said.json).toMatchObject({ verdict: 'pass', points: 10, by: 'teacher' });
    const [open] = (await who('GET', `/labs/${id}/attempts/1`)).json.results;
    expect(open).toMatchObject({
      verdict: 'pass',
      points: 10,
      override: { reason: 'The check was too strict.', graded: { verdict: 'fail', points: 4 } },
    });
    expect((await who('GET', `/labs/${id}/attempts/1`)).json.points).toBe(10);
    await override(id, 1, 'open', { verdict: 'fail', points: 7, reason: 'Half of it.' });
    expect((await who('GET', `/labs/${id}/attempts/1`)).json.points).toBe(7);
  });

  it('needs a reason, points that the check has, and an attempt that is there', async () => {
    const { who, id } = await readyLab('ole');
    await who('POST', `/labs/${id}/attempts`, {});
    await world.grade(id, found);
    expect((await override(id, 1, 'open', { verdict: 'pass', reason: ' ' })).status).toBe(422);
    const tooMany = await override(id, 1, 'open', { verdict: 'pass', points: 11, reason: 'x' });
    expect(tooMany.json.errors[0]).toMatchObject({ field: 'points', allowed: '0 to 10' });
    expect((await override(id, 2, 'open', { verdict: 'pass', reason: 'x' })).json.code).toBe(
      'attempt_not_found',
    );
  });

  const override = (id: string, attempt: number, check: string, body: object) =>
    teacher('PUT', `/labs/${id}/attempts/${attempt}/overrides/${check}`, body);
});

it('lets no trainee judge, not even their own lab', async () => {
  const { who, id } = await readyLab('sly');
  await who('POST', `/labs/${id}/attempts`, {});
  await world.grade(id, found);
  const marks = { cause: 'full', style: 'full' };
  for (const answer of [
    await who('PUT', `/labs/${id}/marks/report`, { marks }),
    await who('GET', `/labs/${id}/marks`),
    await who('PUT', `/labs/${id}/attempts/1/overrides/open`, { verdict: 'pass', reason: 'please' }),
    await who('GET', '/help'),
  ]) {
    expect(answer.json.code).toBe('forbidden');
  }
  const other = client(world.app, await world.token('trainee', 'other'));
  expect((await other('PUT', `/labs/${id}/marks/report`, { marks })).json.code).toBe('lab_not_found');
});

describe('a call for help', () => {
  it('reaches instructors, one a lab, and its answer the trainee', async () => {
    const { who, id } = await readyLab('hana');
    const first = await who('POST', `/labs/${id}/help`, { message: 'It hangs.', task: 'one' });
    expect(first.status).toBe(202);
    await who('POST', `/labs/${id}/help`, { message: 'It still hangs.' });
    const open = (await teacher('GET', '/help')).json.items.filter((one: { lab: string }) => one.lab === id);
    expect(open).toMatchObject([{ trainee: 'hana', message: 'It still hangs.', answer: null }]);
    const path = `/labs/${id}/help/${open[0].id}/answer`;
    expect((await who('POST', path, { answer: 'me' })).json.code).toBe('forbidden');
    expect((await teacher('POST', path, { answer: 'Reset the API.' })).status).toBe(200);
    expect((await teacher('POST', path, { answer: 'Again.' })).json.code).toBe('help_not_found');
    expect((await who('GET', `/labs/${id}/help`)).json.items[0]).toMatchObject({
      answer: 'Reset the API.',
      answeredBy: 'teacher',
    });
  });

  it('names a task of the lab, says something, and comes from a lab that lives', async () => {
    const { who, id } = await readyLab('hugo');
    const ask = (body: object) => who('POST', `/labs/${id}/help`, body);
    expect((await ask({ message: 'x', task: 'three' })).json.errors[0].allowed).toBe('one, two');
    expect((await ask({ message: '  ' })).status).toBe(422);
    await who('DELETE', `/labs/${id}`);
    expect((await ask({ message: 'too late' })).json.code).toBe('lab_ended');
  });
});

describe('a task that waits', () => {
  it('shows its text when what it waits for has passed', async () => {
    const { who, id } = await readyLab('tess');
    const task = async (ask: typeof who) => (await ask('GET', `/labs/${id}/guide`)).json.tasks[1];
    expect(await task(who)).toMatchObject({ open: false, text: null });
    expect((await task(teacher)).text).not.toBeNull();
    expect((await who('GET', `/labs/${id}/progress`)).json.tasks[1].open).toBe(false);
    await who('POST', `/labs/${id}/attempts`, {});
    await world.grade(id, [result('open', 'pass', 10, 10)]);
    expect(await task(who)).toMatchObject({ open: true });
    expect((await task(who)).text).not.toBeNull();
  });
});

describe('answers of all kinds', () => {
  it('are kept in the order of the question, each choice once', async () => {
    const { who, id } = await readyLab('ada');
    const put = async (question: string, value: unknown) =>
      (await who('PUT', `/labs/${id}/answers/${question}`, { value })).json;
    expect(await put('signs', ['c', 'a', 'c'])).toEqual({ question: 'signs', value: ['a', 'c'] });
    expect((await put('signs', ['a', 'z'])).errors[0].allowed).toBe('"a", "b", "c"');
    expect((await put('signs', [])).code).toBe('validation_failed');
    expect((await put('colour', ['red', 'blue'])).code).toBe('validation_failed');
    const notes = `# Notes\n${'x'.repeat(5_000)}\n`;
    expect((await put('notes', notes)).value).toBe(notes);
    const { questions } = (await who('GET', `/labs/${id}/progress`)).json;
    expect(questions.find((one: { id: string }) => one.id === 'signs')).toMatchObject({
      multiple: true,
      given: ['a', 'c'],
    });
  });
});

describe('the solution', () => {
  it('is shown to trainees once the lab has ended, without its secrets', async () => {
    const { who, id } = await readyLab('sol');
    expect((await who('GET', `/labs/${id}/solution`)).json.code).toBe('conflict');
    expect((await teacher('GET', `/labs/${id}/solution`)).status).toBe(200);
    await who('DELETE', `/labs/${id}`);
    const shown = await who('GET', `/labs/${id}/solution`);
    expect(shown.json.steps).toMatchObject([{ id: 's', kind: 'sql' }]);
    expect(shown.text).not.toContain('SECRET-PARAM');
  });
});
