/** What is run to prove a template. Pure. */
import { createHash } from 'node:crypto';
import type { StepSpec, Template } from '../templates/types.ts';

/** Steps in a lab of their own; a solution makes several runs of it, all others one. */
export interface Job {
  /** Of its run, and of the first of its runs. */
  readonly name: string;
  readonly kind: 'solution' | 'wrong' | 'mutation';
  /** The solution or the wrong way. */
  readonly of: string;
  readonly steps: readonly StepSpec[];
  readonly otherValues: boolean;
  readonly dropped: string | null;
  /** Once more, for its own sake: the run that it must be equal to. */
  readonly like: string | null;
}

export interface JobChoice {
  /** How often solutions and wrong ways are run. */
  readonly runs: number;
  /** One run by its name; null: all. */
  readonly only: string | null;
  /** Only what backends are compared by: neither mutations nor other values, which another one has shown. */
  readonly compared?: boolean;
}

/** What compares times would be slowed by others. */
export function runsAlone({ trials, checks }: Template): boolean {
  return (
    trials.some(({ beside }) => beside !== null) ||
    checks.some(({ expect }) => expect.some(({ noise }) => noise !== undefined))
  );
}

/** In the order of the template. */
export function jobsOf(template: Template, { runs, only, compared = false }: JobChoice): readonly Job[] {
  const once = [...solutionsOf(template), ...wrongsOf(template)];
  const others = solutionsOf(template).map(
    (job): Job => ({ ...job, name: `${job.name} with other values`, otherValues: true }),
  );
  const repeated = Array.from({ length: runs - 1 }, (_, nth) =>
    once.map((job): Job => ({ ...job, name: `${job.name}, run ${nth + 2}`, like: job.name })),
  );
  const all = [...once, ...others, ...repeated.flat(), ...mutationsOf(template)];
  if (only === null && compared) return [...once, ...repeated.flat()];
  return only === null ? all : all.filter((job) => runNames(job).includes(only));
}

/** Names of all runs that a job makes, in order. */
export function runNames({ name, kind, otherValues, like }: Job): readonly string[] {
  if (kind !== 'solution' || otherValues || like !== null) return [name];
  return [startOf(name), name, againOf(name), rerunOf(name), resetOf(name)];
}

export const startOf = (solution: string) => `${solution}, before it`;
export const againOf = (solution: string) => `${solution}, graded again`;
export const rerunOf = (solution: string) => `${solution}, done twice`;
export const resetOf = (solution: string) => `${solution}, after a reset`;

const plain = { otherValues: false, dropped: null, like: null };

function solutionsOf(template: Template): readonly Job[] {
  return Object.entries(template.solutions).map(([id, steps]) => ({
    ...plain,
    name: id,
    kind: 'solution',
    of: id,
    steps,
  }));
}

function wrongsOf(template: Template): readonly Job[] {
  return template.wrong.map(({ id, steps }) => ({
    ...plain,
    name: Object.hasOwn(template.solutions, id) ? `${id}, wrong` : id,
    kind: 'wrong',
    of: id,
    steps,
  }));
}

/** Each step of each solution left out once, or those that the template names. */
function mutationsOf(template: Template): readonly Job[] {
  const named = template.test.mutations;
  return Object.entries(template.solutions).flatMap(([of, steps]) =>
    steps
      .filter((step) => step.kind !== 'wait' && step.allowIdle === null)
      .filter((step) => named === null || named.includes(step.id))
      .map(
        (step): Job => ({
          ...plain,
          name: `${of} without ${step.id}`,
          kind: 'mutation',
          of,
          steps: steps.filter((one) => one !== step),
          dropped: step.id,
        }),
      ),
  );
}

/** Of what may be left for another day, by what is done today. @param compared another backend has proved everything. */
export const canWait = (kind: Job['kind'], compared: boolean): boolean =>
  kind === 'mutation' || (kind === 'wrong' && compared);

/**
 * The order in which they are begun: what can wait is last, in an order that differs by day, for who has no time for all
 * of it.
 */
export function inTurn(
  jobs: readonly Job[],
  template: string,
  day: string,
  compared = false,
): readonly Job[] {
  const place = ({ kind, name }: Job) =>
    canWait(kind, compared) ? createHash('sha256').update(`${day}/${template}/${name}`).digest('hex') : '';
  return jobs.toSorted((a, b) => (place(a) < place(b) ? -1 : place(a) > place(b) ? 1 : 0));
}
