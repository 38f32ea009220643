/** What is filled into a template's looks and steps, and what its names and patterns may be. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gradeLab } from '../../../src/grading/grade.ts';
import { attribution } from '../../../src/grading/judge/attribution.ts';
import { lookAll } from '../../../src/grading/look-all.ts';
import { runTrial } from '../../../src/grading/trials/run-trial.ts';
import type { Observation } from '../../../src/grading/types.ts';
import { createFiller } from '../../../src/grading/values/fill.ts';
import { drawPattern, patternProblem } from '../../../src/templates/pattern.ts';
import type { CheckSpec } from '../../../src/templates/types.ts';
import { check, grading, httpLook, lookSpec, sqlLook, templateOf } from '../../support/graded-lab.ts';
import { lookContext, noRecords, testHandle } from '../../support/handle.ts';
import { bareServer, jsonReply, sampleApi } from '../../support/misbehave.ts';
import { trial } from '../../support/trial-lab.ts';
import { type Attack, attack, type Outcome, outcome } from '../attack.ts';
import { threadHangs } from '../expression/world.ts';
import { tooLongMs } from '../waiting.ts';
import { load, secret, type TemplateWorld } from './world.ts';

const spliced = `x' as name union all select '${secret}' --`;
const unfolding = '((a{100}){100}){100}';

/** Grades one check with these parameters; `internal` says what became of it. */
async function grade(world: TemplateWorld, one: CheckSpec, params: Record<string, string>) {
  const path = await world.folder();
  const [result] = await gradeAll(world, [one], params, path);
  return { result, path };
}

async function gradeAll(
  world: TemplateWorld,
  checks: readonly CheckSpec[],
  params: Record<string, string>,
  path: string,
) {
  const workspace = { kind: 'shell', path } as const;
  const sandbox = testHandle({ database: world.db.access, api: sampleApi(1), workspace });
  const { input, judge } = grading(templateOf(checks), sandbox, { judge: world.judge, params });
  await judge.close();
  return (await gradeLab(input, AbortSignal.timeout(60_000))).results;
}

export const filled: readonly Attack<TemplateWorld>[] = [
  attack<TemplateWorld>({
    family: 'template',
    name: 'a value that ends the text of a query and goes on as SQL',
    defence: 'values go into args; a placeholder in a query does not load',
    off: 'the value spliced into the query',
    async run(world) {
      const { template } = await load([
        'email = $1", args: ["{{params.email}}"] } }\n    expect:\n      - that: row',
        "email = '{{params.email}}'\" } }\n    expect:\n      - that: row",
      ]);
      const look = sqlLook('select $1::text as name', { args: ['{{params.name}}'] });
      const asked = check('asked', `row.rows.exists(r, r.name == "${secret}")`, { row: look });
      const { result } = await grade(world, asked, { name: spliced });
      return outcome(template !== null || result?.verdict !== 'fail', result);
    },
    async control(world) {
      const { text } = createFiller({ params: { name: spliced } }, { missing: 'throw' });
      const look = sqlLook(text("select '{{params.name}}' as name"));
      const asked = check('asked', `row.rows.exists(r, r.name == "${secret}")`, { row: look });
      const { result } = await grade(world, asked, {});
      return outcome(result?.verdict === 'pass', result);
    },
  }),
  attack<TemplateWorld>({
    family: 'template',
    name: 'a value that ends a word of a command and goes on as another',
    defence: 'a program is started by its words, and what is filled in is inside of one',
    off: 'the filled text given to a shell',
    async run(world) {
      const look = lookSpec('exec', { component: 'workspace', argv: ['/bin/echo', '{{params.name}}'] });
      const asked = check('asked', 'run.exitCode == 0', { run: look });
      const { result, path } = await grade(world, asked, { name: 'x; touch owned; $(touch owned)' });
      const won = existsSync(join(path, 'owned')) || result?.verdict !== 'pass';
      return outcome(won, result);
    },
    async control(world) {
      const { text } = createFiller({ params: { name: 'x; touch owned' } }, { missing: 'throw' });
      const cwd = await world.folder();
      execFileSync('/bin/sh', ['-c', text('/bin/echo {{params.name}}')], { cwd });
      return outcome(existsSync(join(cwd, 'owned')), cwd);
    },
  }),
  attack<TemplateWorld>({
    family: 'template',
    name: 'a placeholder in an expression',
    defence: 'expressions are compiled as they are written, and {{ }} is no expression',
    off: 'the expression filled before it is compiled',
    async run() {
      const { template, errors } = await load([
        'that: row.rows.size() == 1',
        'that: "row.rows.size() == {{params.email}}"',
      ]);
      return outcome(template !== null, errors);
    },
    async control() {
      const { text } = createFiller({ params: { email: '1 || true' } }, { missing: 'throw' });
      const filledIn = text('row.rows.size() == {{params.email}}');
      const { template, errors } = await load(['that: row.rows.size() == 1', `that: "${filledIn}"`]);
      return outcome(template !== null, errors);
    },
  }),
  attack<TemplateWorld>({
    family: 'template',
    name: 'a value of the trainee’s that does not fit where a trial fills it in',
    defence: 'a look that what was seen before has broken is the trainee’s',
    off: 'the same look by itself, which takes it for a mistake of the template',
    run: (world) => misfit(world, 'trial'),
    control: (world) => misfit(world, 'look'),
  }),
  attack<TemplateWorld>({
    family: 'template',
    name: 'names that every object has',
    defence: 'names are looked up among what is there and never among what objects inherit',
    off: 'a look-up by key in an object',
    async run(world) {
      const look = sqlLook('select 1 as n');
      const names = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf'];
      const checks = [
        ...names.map((name) => check(name.toLowerCase(), `${name}.rows[0].n == 1`, { [name]: look })),
        check('constructor-asked', 'a.value == "x"', { a: lookSpec('answer', { question: 'constructor' }) }),
      ];
      const results = await gradeAll(world, checks, {}, await world.folder());
      const verdicts = results.map(({ verdict }) => verdict);
      const right = [...names.map(() => 'pass'), 'fail'];
      return outcome(JSON.stringify(verdicts) !== JSON.stringify(right), results);
    },
    async control() {
      const answers: Record<string, unknown> = {};
      return outcome(answers.constructor !== undefined, String(answers.constructor));
    },
  }),
  attack<TemplateWorld>({
    family: 'template',
    name: 'a pattern for a parameter that makes a million characters',
    defence: 'a pattern is understood by RE2, which counts repetitions, before anything is drawn',
    off: 'drawn without asking',
    async run() {
      const { template, errors } = await load(['{ draw: email }', `{ draw: { pattern: "${unfolding}" } }`]);
      return outcome(template !== null || patternProblem(unfolding) === null, errors);
    },
    async control() {
      const drawn = drawPattern(unfolding, (from) => from);
      return outcome(drawn.length === 1_000_000, drawn.length);
    },
  }),
  attack<TemplateWorld>({
    family: 'template',
    name: 'an expression with a pattern that takes exponential time',
    defence: 'matches is not in the language',
    off: 'the library’s matches, allowed',
    async run() {
      const { template, errors } = await load([
        'that: row.rows[0].status == "active"',
        'that: row.rows[0].status.matches("^(a+)+$")',
      ]);
      return outcome(template !== null, errors);
    },
    async control() {
      const text = `${'a'.repeat(40)}!`;
      return outcome(await threadHangs(`/^(a+)+$/.test('${text}')`, tooLongMs), 'whether it still matched');
    },
  }),
];

/** A server of the trainee's answers with a name that leads out of a path, which the next look asks for. */
async function misfit(world: TemplateWorld, by: 'trial' | 'look'): Promise<Outcome> {
  const server = await bareServer((socket) => socket.end(jsonReply({ name: '..' })));
  try {
    const sandbox = testHandle({ database: world.db.access, api: server.access });
    const next = httpLook('/things/{{observed.first.json.name}}');
    const version = templateOf([]);
    const seen = by === 'trial' ? await inTrial() : await alone();
    const problem = seen?.outcome === 'unseen' ? seen.problem : null;
    return outcome(problem === null || attribution[problem].verdict === 'error', seen);

    async function inTrial(): Promise<Observation | undefined> {
      const steps = [
        { do: 'observe', observe: { first: httpLook('/') } },
        { do: 'observe', observe: { second: next } },
      ] as const;
      const { input, judge } = grading(version, sandbox, { judge: world.judge });
      await judge.close();
      const fork = { sandbox, components: ['api'], whyDown: async () => null };
      const run = {
        ...input,
        trial: trial('copy', steps),
        attempt: {},
        drawn: (from: number) => from,
        limiter: <T>(work: () => Promise<T>) => work(),
        fork,
        start: null,
        deadline: performance.now() + 20_000,
      };
      return (await runTrial(run, AbortSignal.timeout(60_000))).second;
    }

    async function alone(): Promise<Observation | undefined> {
      const observed = { first: { json: { name: '..' } } };
      const fill = createFiller({ observed }, { missing: 'throw' });
      const { observers } = grading(version, sandbox).input;
      const context = () => lookContext(sandbox, { fill, records: noRecords });
      const looking = { version, observers, limiter: <T>(work: () => Promise<T>) => work(), context };
      return (await lookAll({ second: next }, looking, AbortSignal.timeout(60_000))).second;
    }
  } finally {
    await server.stop();
  }
}
