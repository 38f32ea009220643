import type { Command } from 'commander';
import type { Guide } from '../../grading/attempt-service.ts';
import type { Cli } from '../cli.ts';
import { renderMarkdown } from '../markdown.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { labPath } from './wire.ts';

export function registerLabGuide(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('guide')
    .description("Shows the instructions and tasks with this lab's own values.")
    .argument('<lab>', 'its id');
  withServerOptions(command).action(async (id: string, options: ServerOptions) => {
    const guide = await connect(options).call<Guide>('GET', labPath(id, 'guide'));
    terminal.answer(guide, () => renderGuide(guide));
  });

  function renderGuide(guide: Guide): string {
    const tasks = guide.tasks.map(({ title, text }, i) => `## ${i + 1}. ${title}\n\n${text ?? ''}`.trim());
    return renderMarkdown(terminal.colour, [guide.instructions.trim(), ...tasks].join('\n\n'));
  }
}
