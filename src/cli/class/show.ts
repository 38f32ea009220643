import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { type ClassWire, classPath, renderClass } from './class-wire.ts';

export function registerClassShow(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('show')
    .description('Shows the versions that a class gets, and when its work is due.')
    .argument('<class>', 'its id');
  withServerOptions(command).action(async (id: string, options: ServerOptions) => {
    const found = await connect(options).call<ClassWire>('GET', classPath(id));
    terminal.answer(found, () => renderClass(terminal, found));
  });
}
