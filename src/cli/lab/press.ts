import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { labPath } from './wire.ts';

export function registerLabPress(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('press')
    .description(
      'Presses a button of the lab, such as "Start the drill"; `labwright lab progress` lists them.',
    )
    .argument('<lab>', 'its id')
    .argument('<button>', 'its text');
  withServerOptions(command).action(async (id: string, button: string, options: ServerOptions) => {
    const pressed = await connect(options).call('POST', labPath(id, 'press'), { body: { button } });
    terminal.answer(pressed, () => `Pressed "${button}".`);
  });
}
