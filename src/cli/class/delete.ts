import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { classPath } from './class-wire.ts';

export function registerClassDelete(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('delete')
    .description('Deletes a class. Its labs stay, and keep its name.')
    .argument('<class>', 'its id');
  withServerOptions(command).action(async (id: string, options: ServerOptions) => {
    await connect(options).call('DELETE', classPath(id));
    terminal.answer({ id }, () => `Class ${id} is deleted.`);
  });
}
