/** The lab that most attacks are made on: its trainee owns the schema, and its check is not yet met. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { GradeInput } from '../../../src/grading/grade.ts';
import type { SandboxHandle } from '../../../src/grading/types.ts';
import { readRows } from '../../../src/observers/sql-look.ts';
import { readAsChecker } from '../../../src/observers/sql-reading.ts';
import { postgresAccess } from '../../contracts/driver-contract-plans.ts';
import { check, sqlLook } from '../../support/graded-lab.ts';
import { databaseVersion } from '../../support/postgres-lab.ts';
import { type Outcome, outcome } from '../attack.ts';
import { asSuperuser, asTrainee, type Graded, type HostileWorld, isWon, type Lab } from '../world.ts';

const ordersVersion = databaseVersion({
  'seed.sql': `
    create table orders (id int primary key, email varchar(50), status text, total numeric);
    insert into orders select g, 'p' || g || '@example.net', 'open', g from generate_series(1, 20) g;
    create table marks (at timestamptz default now());`,
});

/** The work that is not done: every order is to be paid. */
export const unpaid = `select count(*)::int as n from orders where status <> 'paid'`;

export interface Effort {
  /** What the trainee does before the grader comes. */
  readonly trainee?: readonly string[];
  /** The defence that is undone in the world, by the superuser, before the trainee begins. */
  readonly off?: (lab: Lab, world: HostileWorld) => readonly string[];
  readonly query?: string;
  /** More of the look. */
  readonly look?: object;
  /** What the check expects. */
  readonly that?: string;
  /** The sandbox as the grader has it. */
  readonly through?: (sandbox: SandboxHandle, world: HostileWorld) => SandboxHandle;
  readonly input?: Partial<GradeInput> & { readonly deadlineSeconds?: number };
}

/** A lab of its own, with the trainee's doings in it. */
export async function prepared(world: HostileWorld, effort: Effort, signal: AbortSignal): Promise<Lab> {
  const lab = await world.lab(ordersVersion, signal);
  await asSuperuser(world, lab, ...(effort.off?.(lab, world) ?? []));
  await asTrainee(world, lab, ...(effort.trainee ?? []));
  return lab;
}

export function gradeOrders(
  world: HostileWorld,
  lab: Lab,
  effort: Effort,
  signal: AbortSignal,
): Promise<Graded> {
  const { query = unpaid, that = 'a.rows[0].n == 0', look = {}, through, input } = effort;
  const sandbox = through?.(lab.sandbox, world) ?? lab.sandbox;
  const one = check('paid', that, { a: sqlLook(query, look) });
  const told = { ...one, expect: one.expect.map((each) => ({ ...each, else: 'There is {{a.rows[0].n}}.' })) };
  return world.grade(ordersVersion, sandbox, told, signal, input);
}

/** Wins when the check passes all the same, or the grader suffers from it. */
export async function tryGrading(world: HostileWorld, effort: Effort, signal: AbortSignal): Promise<Outcome> {
  const lab = await prepared(world, effort, signal);
  const graded = await gradeOrders(world, lab, effort, signal);
  return outcome(isWon(graded), graded);
}

/** One statement as the checker, with settings other than a look's. */
export function readWith(
  lab: Lab,
  query: string,
  settings: Readonly<Record<string, string | number>>,
  signal: AbortSignal,
  budgetMs = 10_000,
) {
  const reading = { sandbox: lab.sandbox, component: 'database', budgetMs, settings };
  return readAsChecker(reading, ({ client }) => readRows(client, query, []), signal);
}

/** Wins when this is still under way after so long. */
export async function isStuck(work: Promise<unknown>, ms: number): Promise<Outcome> {
  const ended = await Promise.race([work.then(String, String), sleep(ms, null)]);
  return outcome(ended === null, ended ?? `no end in ${ms} ms`);
}

/** Ends all that the lab's roles do. */
export async function endSessions(world: HostileWorld, lab: Lab): Promise<void> {
  await asSuperuser(
    world,
    lab,
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()`,
  );
}

export const rolesOf = ({ test }: HostileWorld, { plan }: Lab) => {
  const { database, trainee, checker } = postgresAccess(test.driver, plan);
  return { database, trainee: trainee.user, checker: checker.user };
};
