import type { Command } from 'commander';
import type { LabProgress } from '../../grading/progress-view.ts';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { table } from '../table.ts';
import { onDemandLines } from './on-demand.ts';
import { labPath, type Wire } from './wire.ts';

type ProgressWire = Wire<LabProgress>;

export function registerLabProgress(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('progress')
    .description('Shows tasks, checks passed so far, questions, and what hints there are.')
    .argument('<lab>', 'its id');
  withServerOptions(command).action(async (id: string, options: ServerOptions) => {
    const progress = await connect(options).call<ProgressWire>('GET', labPath(id, 'progress'));
    terminal.answer(progress, () => render(progress));
  });

  function render(progress: ProgressWire): string {
    const { colour } = terminal;
    const rows = progress.tasks.flatMap((task) =>
      task.checks.map((check, i) => [
        i === 0 ? `${task.title}${notes(task)}` : '',
        check.id,
        check.title,
        check.state === 'pass' ? colour.green('pass') : check.state.replace('_', ' '),
        `${check.points ?? 0}/${check.maxPoints}`,
        hints(check.hints),
      ]),
    );
    const columns = [
      { title: 'Task', wraps: true },
      { title: 'Check' },
      { title: 'What', wraps: true },
      { title: 'State' },
      { title: 'Points', align: 'right' as const },
      { title: 'Hints' },
    ];
    const questions = progress.questions.map((one) => {
      const options = one.options.map((option) => `  - ${option}`);
      const given = `  ${one.given === null ? colour.dim('not answered') : String(one.given)}`;
      return [`${colour.bold(one.id)}  ${one.ask}`, ...options, given].join('\n');
    });
    const buttons = progress.buttons.map(({ button, state }) => `${colour.bold(`[${button}]`)}  ${state}`);
    const penalty = progress.penalty > 0 ? ` (${progress.penalty} taken off for hints and skips)` : '';
    const sum = `${progress.points} of ${progress.maxPoints} points${penalty}`;
    const end = [colour.bold(sum), ...onDemandLines(progress, new Date())].join('\n');
    return [table(terminal, columns, rows), ...questions, ...buttons, end].join('\n\n');
  }
}

/** What can be done with a task besides doing it. */
function notes({ open, checkpoint, skip }: ProgressWire['tasks'][number]): string {
  const said = [
    ...(open ? [] : ['not open yet']),
    ...(checkpoint === 'kept' ? ['kept: rewind'] : []),
    ...(skip === null ? [] : [skip.state === 'offered' ? `skip: −${skip.penalty}` : 'skipped']),
  ];
  return said.length === 0 ? '' : ` (${said.join(', ')})`;
}

function hints(of: {
  readonly taken: readonly unknown[];
  readonly available: number;
  readonly nextPenalty: number | null;
}) {
  if (of.available === 0) return '';
  const next = of.nextPenalty === null ? '' : `, next −${of.nextPenalty}`;
  return `${of.taken.length}/${of.available}${next}`;
}
