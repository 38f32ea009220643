import type { Command } from 'commander';
import type { Guide } from '../../grading/attempt-service.ts';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { renderGuide } from './guide-text.ts';
import { labPath } from './wire.ts';

export function registerLabGuide(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('guide')
    .description("Shows the instructions and tasks with this lab's own values.")
    .argument('<lab>', 'its id');
  withServerOptions(command).action(async (id: string, options: ServerOptions) => {
    const guide = await connect(options).call<Guide>('GET', labPath(id, 'guide'));
    terminal.answer(guide, () => renderGuide(terminal.colour, guide));
  });
}
