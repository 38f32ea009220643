/** A lab that is graded by experiments, from its start to its end, over HTTP and on real sandboxes. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { StepSpec, Template } from '../../src/templates/types.ts';
import { problemsAtStart } from './at-start.ts';
import { findOwned, query } from './belongings.ts';
import type { AttemptWire, Client } from './client.ts';
import { databasesOf, sandboxOf, stateOf } from './lab-state.ts';
import { type NameServer, startNameServer } from './name-server.ts';
import { eventually, leftoversAfter, startWorld, type World } from './support.ts';
import { testTemplates } from './test-templates.ts';
import { doSteps } from './trainee-steps.ts';

// Each attempt starts some twenty programs, on a machine that may be busy with other tests.
vi.setConfig({ testTimeout: 120_000 });

interface Progress {
  readonly points: number;
  readonly penalty: number;
  readonly tasks: readonly {
    readonly id: string;
    readonly open: boolean;
    readonly checkpoint: string | null;
    readonly skip: { readonly state: string } | null;
  }[];
  readonly buttons: readonly { readonly button: string; readonly state: string }[];
}

let names: NameServer;
let templates: ReturnType<typeof testTemplates>;
let world: World;
let trainee: Client;
let template: Template;
let lab: string;

beforeAll(async () => {
  names = await startNameServer('192.0.2.7');
  templates = testTemplates('everything', { DNS: names.address });
  world = await startWorld({ templatesDir: templates.folder, spares: '0' });
  trainee = await world.trainee('ann');
  const version = await world.runtime.templates.load('everything');
  if (version === null) throw new Error(JSON.stringify(await world.runtime.templates.problems()));
  template = version.template;
  lab = (await trainee.create({ template: 'everything' })).id;
  await trainee.untilReady(lab, 60_000);
});
afterAll(async () => {
  await world?.stop();
  templates?.remove();
  names?.stop();
});

/** What other work on this machine may delay. */
const soon = (what: () => Promise<boolean>, describe: () => string) => eventually(what, describe, 30_000);

/** Grades, and holds that nothing of the attempt is left two seconds later. */
async function grade(): Promise<AttemptWire> {
  const attempt = await world.instructor.grade(lab);
  expect(attempt.voidReason).toBeNull();
  let left: readonly string[] = [];
  await eventually(
    async () => {
      left = await findOwned(world.installation, 'attempt:');
      return left.length === 0;
    },
    () => `no forks: ${left.join(', ')}`,
    2_000,
  );
  return attempt;
}

function verdicts(attempt: AttemptWire, ...checks: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(checks.map((id) => [id, resultOf(attempt, id).verdict]));
}
function resultOf(attempt: AttemptWire, id: string): AttemptWire['results'][number] {
  const result = attempt.results.find(({ check }) => check === id);
  if (result === undefined) throw new Error(`no result of ${id}`);
  return result;
}
const all = (verdict: string, ...checks: readonly string[]) =>
  Object.fromEntries(checks.map((id) => [id, verdict]));

/** Steps of the solution, as the trainee; all of them have to succeed. */
async function solve(...ids: readonly string[]): Promise<void> {
  const steps = ids.flatMap((id) => (template.solutions.all ?? []).filter((step) => step.id === id));
  const done = await doSteps(world, lab, steps, false);
  expect(done.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
}
async function edit(id: string, script: string): Promise<void> {
  const step: StepSpec = {
    id,
    kind: 'exec',
    spec: { component: 'workspace', argv: ['sed', '-i', script, 'app/main.mjs'], timeout: 5_000 },
    save: {},
    allowIdle: null,
  };
  const [done] = await doSteps(world, lab, [step], false);
  expect(done?.outcome).toBe('done');
}

async function inDatabase<Row extends object>(text: string): Promise<readonly Row[]> {
  const all = await databasesOf(world.installation, await sandboxOf(world.installation, lab));
  const url = all.find(({ name }) => name.includes('_database_'))?.url ?? '';
  return query<Row>(url, text);
}
const fired = async () =>
  (await inDatabase<{ name: string }>('select name from fired order by name')).map(({ name }) => name);
const progress = () => trainee.call<Progress>('GET', `/labs/${lab}/progress`);
const eventsOf = (type: string) =>
  query<{ data: Record<string, unknown> }>(
    world.installation.controlUrl,
    'select data from lab_events where lab_id = $1 and type = $2 order by seq',
    [lab, type],
  );

const programChecks = ['acted', 'signed', 'charged', 'compared', 'alive', 'tested'];

it('gives no points at the start, and blames nobody', async () => {
  expect(problemsAtStart(template, await grade())).toEqual([]);
});

it('fires what is due by itself, and says so', async () => {
  await soon(
    async () => (await fired()).includes('early'),
    () => 'the early fault',
  );
  const [event] = await eventsOf('fault.fired');
  expect(event?.data).toMatchObject({ fault: 'early', say: expect.stringMatching(/^Early, [a-z]{12}\.$/) });
});

it('passes what was solved, over copies, and leaves the lab itself as it was', async () => {
  await solve('app', 'test', 'api');
  const before = await stateOf(world.installation, lab);
  expect(Object.keys(before).length).toBeGreaterThan(20);
  const attempt = await grade();
  const after = await stateOf(world.installation, lab);
  expect(verdicts(attempt, ...programChecks), JSON.stringify(attempt.results, null, 1)).toEqual(
    all('pass', ...programChecks),
  );
  expect(verdicts(attempt, 'drilled', 'steady')).toEqual(all('blocked', 'drilled', 'steady'));
  expect(await eventsOf('lab.pausing')).not.toEqual([]);
  // What a passed check sets off is not the grader's experiment.
  const [fault = ''] = Object.keys(before).filter((name) => name.endsWith('public.fired'));
  expect({ ...after, [fault]: '' }).toEqual({ ...before, [fault]: '' });
});

it('fires what waits for a passed check, once', async () => {
  await soon(
    async () => (await fired()).includes('prize'),
    () => 'the prize',
  );
  expect(await fired()).toEqual(['early', 'prize']);
});

it('keeps a task that is done, for going back', () =>
  soon(
    async () => (await progress()).tasks[0]?.checkpoint === 'kept',
    () => 'the checkpoint',
  ));

it('draws other values for each attempt, so that what was learned falls', async () => {
  await edit('tell', 's/word: WORD/word: WORD + "!"/');
  const told = [await grade(), await grade()].map((one) => resultOf(one, 'acted').message ?? '');
  const words = told.map((message) => /says ([a-z]{12})!/.exec(message)?.[1]);
  expect(new Set(words).size).toBe(2);
  expect(words).not.toContain(undefined);
  await edit('learn', `s/word: .*!./word: '${words[1]}'/`);
  const learned = await grade();
  expect(verdicts(learned, 'acted', 'signed', 'charged')).toEqual({
    acted: 'fail',
    signed: 'pass',
    charged: 'pass',
  });
  expect(resultOf(learned, 'acted').message).toContain(`says ${words[1]}.`);
});

it('shows a build error of the trainee as theirs', async () => {
  await edit('break', '1i this is no program');
  const broken = await grade();
  expect(verdicts(broken, 'acted', 'signed', 'charged', 'compared')).toEqual({
    acted: 'fail',
    signed: 'fail',
    charged: 'fail',
    compared: 'pass',
  });
  expect(resultOf(broken, 'acted').message).toMatch(/SyntaxError|Unexpected/);
  await solve('app');
});

it('opens a task when what it waits for is done', async () => {
  const { tasks } = await progress();
  // What passed once stays open, though it has fallen since.
  expect(tasks.find(({ id }) => id === 'story')?.open).toBe(true);
});

it('holds the drill once, however often the button is pressed, and what it sets off', async () => {
  const press = () =>
    trainee.call('POST', `/labs/${lab}/press`, { button: 'Start the drill' }).catch((thrown) => thrown);
  await Promise.all([press(), press(), press()]);
  await soon(
    async () => (await fired()).includes('echo'),
    () => 'what the drill sets off',
  );
  await press();
  expect(await fired()).toEqual(['drill', 'early', 'echo', 'prize']);
  const { buttons } = await progress();
  expect(buttons).toEqual([{ button: 'Start the drill', state: 'done' }]);
  // Samples are written every five seconds.
  await delay(6_000);
  expect(verdicts(await grade(), 'drilled', 'steady')).toEqual(all('pass', 'drilled', 'steady'));
});

it('sees in a watch that the program was away', async () => {
  // What is amiss within five seconds of our own copying is nobody's fault.
  await delay(5_500);
  await edit('pause', '1i process.exit(1);');
  await soon(
    async () => (await trainee.lab(lab)).components.find(({ name }) => name === 'app')?.status !== 'running',
    () => 'the program to be away',
  );
  // Long enough for a sample or two; they are written every five seconds.
  await delay(3_500);
  await solve('app');
  await delay(7_000);
  const { verdict, message } = resultOf(await grade(), 'steady');
  expect({ verdict, message }).toEqual({
    verdict: 'fail',
    message: expect.stringMatching(/failed [1-9]\d* times/),
  });
});

it('does a task for the trainee, for its price', async () => {
  expect(await trainee.call('POST', `/labs/${lab}/tasks/chores/skip`, {})).toMatchObject({ penalty: 2 });
  await soon(
    async () => (await progress()).tasks[1]?.skip?.state === 'done',
    () => 'the chore to be done',
  );
  expect(await inDatabase('select body from notes')).toEqual([{ body: 'chore' }]);
  const attempt = await grade();
  expect(verdicts(attempt, 'chore', 'undamaged')).toEqual(all('pass', 'chore', 'undamaged'));
  const earned = attempt.results.reduce((sum, { points }) => sum + (points ?? 0), 0);
  expect(attempt.points).toBe(earned - 2);
  // It is compared with what was kept when the first task was done.
  expect(resultOf(attempt, 'kept').verdict).toBe('pass');
});

it('goes back to the state that was kept after a task', async () => {
  await trainee.call('POST', `/labs/${lab}/tasks/program/rewind`, {});
  await trainee.untilReady(lab, 60_000);
  expect(await inDatabase('select * from notes')).toEqual([]);
  expect(verdicts(await grade(), 'chore', 'kept', ...programChecks)).toEqual({
    ...all('pass', ...programChecks),
    ...all('fail', 'chore', 'kept'),
  });
});

it('finds damage against the start', async () => {
  const crm = (await databasesOf(world.installation, await sandboxOf(world.installation, lab))).find(
    ({ name }) => name.includes('_crm_'),
  );
  await query(
    crm?.url ?? '',
    "update customers set last_name = 'x' where id = (select id from customers limit 1)",
  );
  const attempt = await grade();
  expect(resultOf(attempt, 'undamaged')).toMatchObject({ verdict: 'fail', points: 0 });
  expect(resultOf(attempt, 'told')).toMatchObject({ verdict: 'blocked', points: 0 });
});

it('is judged by people where no program can', async () => {
  await solve('notes');
  await world.instructor.call('PUT', `/labs/${lab}/marks/told`, {
    marks: { what: 'full', why: 'half' },
    comment: 'Well told.',
  });
  const marked = await grade();
  expect(resultOf(marked, 'told')).toMatchObject({ points: 5 });
  const override = { verdict: 'pass', reason: 'The damage was mine.' };
  await world.instructor.call('PUT', `/labs/${lab}/attempts/${marked.number}/overrides/undamaged`, override);
  const seen = await trainee.attempt(lab, marked.number);
  expect(resultOf(seen, 'undamaged')).toMatchObject({
    verdict: 'pass',
    points: 2,
    override: { reason: override.reason, graded: { verdict: 'fail', points: 0 } },
  });
  expect(seen.points).toBe((marked.points ?? 0) + 2);
});

it('is judged the same again from what was recorded, with nothing left out', async () => {
  const body = { template: 'everything', to: (await trainee.lab(lab)).templateHash };
  const dry = await world.instructor.call<{ id: string; attempts: number }>('POST', '/regrade', body);
  const { items } = await world.instructor.call<{ items: object[] }>('GET', `/regrades/${dry.id}/attempts`);
  expect(items).toEqual([]);
  expect(dry).toMatchObject({ state: 'ready', changed: 0, kept: 0 });
  expect(dry.attempts).toBeGreaterThan(5);
});

it('calls for help, and is answered', async () => {
  const asked = await trainee.call<{ id: string }>('POST', `/labs/${lab}/help`, { message: 'What now?' });
  const { items } = await world.instructor.call<{ items: { id: string; lab: string }[] }>('GET', '/help');
  expect(items).toMatchObject([{ id: asked.id, lab }]);
  await world.instructor.call('POST', `/labs/${lab}/help/${asked.id}/answer`, { answer: 'Rest.' });
  expect(await trainee.call('GET', `/labs/${lab}/help`)).toMatchObject({ items: [{ answer: 'Rest.' }] });
});

it('tells the solution when it is over, and leaves nothing', async () => {
  await expect(trainee.call('GET', `/labs/${lab}/solution`)).rejects.toThrow();
  await trainee.remove(lab);
  await trainee.untilEnded(lab);
  expect(await trainee.call('GET', `/labs/${lab}/solution`)).toMatchObject({ solution: 'all' });
  expect(await leftoversAfter(world.installation)).toEqual([]);
  expect(await findOwned(world.installation, 'checkpoint:')).toEqual([]);
  expect(world.log.filter((line) => line.includes('"level":"error"'))).toEqual([]);
});
