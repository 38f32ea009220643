/** Every template in the folder keeps what it promises, through HTTP and on real sandboxes. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../src/config.ts';
import type { Template } from '../../src/templates/types.ts';
import type { Client } from './client.ts';
import {
  differences,
  matrix,
  mutationsOf,
  problemsAtStart,
  type Row,
  type Run,
  solutionsOf,
  wrongsOf,
} from './proof.ts';
import { openProofRecords } from './proof-record.ts';
import { leftoversAfter, startWorld, uniqueName, type World } from './support.ts';
import { doSteps } from './trainee-steps.ts';

const folder = join(projectRoot, 'lab-templates', 'labs');
const ids = readdirSync(folder).filter((id) => existsSync(join(folder, id, 'lab.yaml')));

/** What compares times would be slowed by others: it has the machine to itself, one run after the other. */
const isTimed = (id: string) => /^\s*beside:/m.test(readFileSync(join(folder, id, 'lab.yaml'), 'utf8'));
const timed = ids.filter(isTimed);
const others = ids.filter((id) => !timed.includes(id));

/** Labs of one template that are worked in side by side. */
const labsEach = 2;
/** Runs of all templates together; one with trials starts a dozen programs at each grading. */
const light = pLimit(5);
const heavy = pLimit(2);

/** Templates that were proved as they are, over the platform as it is, are proved again on their day only. */
const proveAll = process.env.LABWRIGHT_ALL_PROOFS === '1';
const keepProofs = process.env.LABWRIGHT_WRITE_PROOFS === '1';
const records = openProofRecords(Math.floor(Date.now() / 86_400_000));
/** Mutations that have not begun by then are left to another day: their order changes from day to day. */
const mutationsUntilMs =
  keepProofs || process.env.LABWRIGHT_ALL_MUTATIONS === '1' ? Number.POSITIVE_INFINITY : 80_000;
const seed = new Date().toISOString().slice(0, 10);

describe('every lab', () => {
  let world: World;
  let started: number;

  beforeAll(async () => {
    world = await startWorld({ spares: '1', labsPerTrainee: '10', labsGlobal: '100', concurrency: '4' });
    started = performance.now();
  });
  afterAll(async () => {
    await world?.stop();
  });

  it('loads', async () => {
    expect(await world.runtime.templates.problems()).toEqual([]);
    const loaded = await world.runtime.templates.list();
    expect(loaded.map(({ template }) => template.id).sort()).toEqual(ids.sort());
  });

  const timeout = 1_200_000;
  it.concurrent.each(others)('%s keeps what it promises', { timeout }, (id) => prove(id, labsEach));
  it.each(timed)('%s keeps what it promises', { timeout }, (id) => prove(id, 1));

  async function prove(id: string, labsAtOnce: number): Promise<void> {
    const version = await world.runtime.templates.load(id);
    if (version === null) throw new Error(`${id} does not load`);
    if (!proveAll && !keepProofs && !records.isDue(version)) return console.log(`${id}: proved as it is`);
    const { template } = version;
    const began = performance.now();
    const labs = openLabs(world, template, labsAtOnce);
    const rows: Row[] = [];
    const runOne = async (run: Run) => {
      const done = await labs.within(
        async (client, lab, notes) => {
          return proveRun(world, template, run, client, lab, notes);
        },
        run.kind === 'mutation' ? started + mutationsUntilMs : Number.POSITIVE_INFINITY,
      );
      rows.push(...done);
    };
    const runs = [...solutionsOf(template), ...wrongsOf(template), ...mutationsOf(template, seed)];
    await Promise.all(runs.map((run) => runOne(run)));
    await labs.end();
    const table = matrix(template, rows);
    // The whole table is what tells an author which of the two is wrong, the check or the run.
    if (rows.some(({ problems }) => problems.length > 0)) throw new Error(`\n${table}\n`);
    const left = runs.filter(({ name }) => !rows.some(({ run }) => run === name)).length;
    if (left === 0 && keepProofs) records.keep(version);
    const seconds = Math.round((performance.now() - began) / 1000);
    const { budgetSeconds } = template.test;
    const over = budgetSeconds !== null && seconds > budgetSeconds ? `, over its ${budgetSeconds} s` : '';
    console.log(
      `${id}: ${runs.length - left} of ${runs.length} runs, the rest another day; ${seconds} s${over}`,
    );
  }

  it('leaves nothing behind but spares', async () => {
    expect(await leftoversAfter(world.installation)).toEqual([]);
    expect(world.log.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });
});

/** A lab that a run may use: at its start, or to be reset first. */
interface Idle {
  readonly id: string;
  readonly trainee: string;
  used: boolean;
}

type Work = (client: Client, lab: string, notes: string[]) => Promise<readonly Row[]>;

/** A few labs of one template; each run has one to itself, at its start. */
function openLabs(world: World, template: Template, labsAtOnce: number) {
  const own = pLimit(labsAtOnce);
  const atOnce = template.trials.length > 0 ? heavy : light;
  const idle: Idle[] = [];
  const all: Idle[] = [];

  async function take(): Promise<Idle> {
    const client = world.instructor;
    const free = idle.pop();
    if (free === undefined) {
      const trainee = uniqueName(template.id);
      const { id } = await (await world.trainee(trainee)).create({ template: template.id });
      const made = { id, trainee, used: false };
      all.push(made);
      // The first of a template may wait until its data is generated: at scale M, beside others, a minute and more.
      await client.untilReady(id, 180_000);
      return made;
    }
    if (free.used) {
      await client.reset(free.id);
      await client.untilReady(free.id, 60_000);
    }
    return free;
  }

  return {
    /** Does the work when its turn comes; nothing when that is later than `latest`. */
    within: (work: Work, latest: number) =>
      own(() =>
        atOnce(async () => {
          if (performance.now() > latest) return [];
          const lab = await take();
          lab.used = true;
          const rows = await work(world.instructor, lab.id, []);
          idle.push(lab);
          return rows;
        }),
      ),
    async end() {
      for (const { id } of all) await world.instructor.remove(id);
      for (const { id } of all) await world.instructor.untilEnded(id);
    },
  };
}

async function proveRun(
  world: World,
  template: Template,
  run: Run,
  client: Client,
  lab: string,
  notes: string[],
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const isSolution = run.kind === 'solution';
  const atStart = async (name: string) => {
    const attempt = await client.grade(lab);
    rows.push({ run: name, attempt, problems: problemsAtStart(template, attempt), notes: [] });
  };
  if (isSolution) await atStart(`(before ${run.name})`);
  const steps = await doSteps(world, lab, run.steps, !isSolution);
  for (const { id, outcome, reason } of steps)
    if (outcome !== 'done') notes.push(`${id} ${outcome}: ${reason}`);
  const attempt = await client.grade(lab);
  const again = isSolution ? await client.grade(lab) : attempt;
  const problems = [
    ...(attempt.state === 'finished' ? [] : [`the attempt is ${attempt.state}: ${attempt.voidReason}`]),
    ...(isSolution && notes.length > 0 ? ['not every step was done'] : []),
    ...run.judge(attempt),
    ...differences(attempt, again).map((text) => `graded twice: ${text}`),
  ];
  rows.push({ run: run.name, attempt, problems, notes });
  if (isSolution) {
    await client.reset(lab);
    await client.untilReady(lab, 60_000);
    await atStart(`(${run.name}, reset)`);
  }
  return rows;
}
