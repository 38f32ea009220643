/** What is done in a tried lab: by the reader, or by the template's own steps. */
import { createInterface } from 'node:readline/promises';
import type { AttemptView } from '../../grading/attempt-view.ts';
import type { StepResult } from '../../grading/solve.ts';
import { LabError } from '../../lab/errors.ts';
import { type Surprise, surprisesOf } from '../../proving/surprises.ts';
import { didYouMean } from '../../templates/suggest.ts';
import type { StepSpec, Template, WrongSpec } from '../../templates/types.ts';
import { CliError } from '../cli-error.ts';
import { renderGuide } from '../lab/guide-text.ts';
import { renderChecks } from '../lab/render.ts';
import type { Progress } from '../progress.ts';
import type { Terminal } from '../terminal.ts';
import type { TriedLab } from './lab.ts';
import type { TryOptions } from './try.ts';

export interface Outcome {
  readonly ok: boolean;
  readonly attempt: AttemptView | null;
  readonly steps?: readonly StepResult[];
  readonly surprises?: readonly Surprise[];
}

export interface Plan {
  readonly name: string;
  readonly steps: readonly StepSpec[];
  /** Null: a solution. */
  readonly wrong: WrongSpec | null;
}

/** The steps that were asked for; null: the reader works by hand. Throws CliError `notFound`. */
export function stepsOf(template: Template, options: TryOptions): Plan | null {
  if (options.wrong !== undefined) {
    const known = template.wrong.map((one) => one.id);
    const wrong = template.wrong.find((one) => one.id === options.wrong);
    if (wrong !== undefined) return { name: wrong.id, steps: wrong.steps, wrong };
    throw unknown('wrong way', options.wrong, known);
  }
  if (options.solve === undefined) return null;
  const known = Object.keys(template.solutions);
  const name = options.solve === true ? (known[0] ?? '') : options.solve;
  const steps = Object.hasOwn(template.solutions, name) ? template.solutions[name] : undefined;
  if (steps !== undefined) return { name, steps, wrong: null };
  throw unknown('solution', name, known);
}

/** Runs the steps and grades: a solution must pass everything, a wrong way must fell what it says. */
export async function bySteps(
  terminal: Terminal,
  progress: Progress,
  lab: TriedLab,
  template: Template,
  { name, steps, wrong }: Plan,
): Promise<Outcome> {
  const { colour } = terminal;
  terminal.print(`\n${colour.bold(wrong === null ? `Solution ${name}` : `Wrong way ${name}`)}`);
  progress.say('running its steps');
  const done = await lab.solve(steps, wrong !== null, (step) => {
    progress.clear();
    terminal.print(stepLine(terminal, step));
    progress.say('running its steps');
  });
  progress.say('grading');
  const attempt = await lab.grade();
  progress.clear();
  terminal.print(`\n${renderChecks(terminal, attempt.results, attempt)}`);
  if (wrong === null) {
    const ok = done.ok && attempt.results.every((result) => result.verdict === 'pass');
    return { ok, attempt, steps: done.steps };
  }
  const surprises = surprisesOf(wrong, template.checks, attempt.results);
  for (const { check, expected, found } of surprises) {
    terminal.print(`${colour.red('✗')} ${check}: expected ${expected}, found ${found}`);
  }
  if (surprises.length === 0) terminal.print(`${colour.green('✓')} Exactly the checks fell that should.`);
  return { ok: surprises.length === 0, attempt, steps: done.steps, surprises };
}

/** Grades whenever Enter is pressed, until the reader leaves or everything passes. */
export async function byHand(terminal: Terminal, lab: TriedLab, stop: AbortSignal): Promise<Outcome> {
  const { colour } = terminal;
  const reader = createInterface({
    input: process.stdin,
    output: process.stdout,
    terminal: terminal.interactive,
  });
  // The terminal's Ctrl-C arrives here while it is read from.
  reader.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  stop.addEventListener('abort', () => reader.close(), { once: true });
  const ask = () => {
    reader.setPrompt(
      `\n${colour.bold('Enter')} grades, ${colour.bold('g')} shows the guide, ${colour.bold('q')} leaves: `,
    );
    if (terminal.interactive) reader.prompt();
  };
  let attempt: AttemptView | null = null;
  const passed = () => attempt?.results.every((result) => result.verdict === 'pass') === true;
  const grade = async () => {
    try {
      attempt = await lab.grade();
      terminal.print(`\n${renderChecks(terminal, attempt.results, attempt)}`);
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      terminal.print(error.message);
    }
  };
  ask();
  for await (const line of reader) {
    const word = line.trim().toLowerCase();
    if (word === 'q' || word === 'quit' || word === 'exit') break;
    if (word === 'g' || word === 'guide') {
      terminal.print(`\n${renderGuide(colour, await lab.guide())}`);
    } else {
      await grade();
      if (passed()) break;
    }
    ask();
  }
  reader.close();
  stop.throwIfAborted();
  return { ok: attempt === null || passed(), attempt };
}

export function stepLine({ colour }: Terminal, step: StepResult): string {
  const mark = { done: colour.green('✓'), failed: colour.red('✗'), skipped: colour.yellow('·') }[
    step.outcome
  ];
  const why = step.reason === null ? '' : `  ${step.reason}`;
  return `${mark} ${step.id} ${colour.dim(`${step.kind}, ${step.durationMs} ms`)}${why}`;
}

function unknown(what: string, name: string, known: readonly string[]): CliError {
  const near = didYouMean(name, known);
  const hint = near === '' ? `; known: ${known.join(', ') || 'none'}.` : near;
  return new CliError('notFound', 'not_found', `This template has no ${what} "${name}"${hint}`, { known });
}
