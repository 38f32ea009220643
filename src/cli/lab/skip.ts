import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { labPath } from './wire.ts';

export function registerLabSkip(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('skip')
    .description(
      'Has a task done for you, for its price in points; `labwright lab progress` says what it costs.',
    )
    .argument('<lab>', 'its id')
    .argument('<task>', 'id of the task');
  withServerOptions(command).action(async (id: string, task: string, options: ServerOptions) => {
    const skipped = await connect(options).call<{ penalty: number }>(
      'POST',
      labPath(id, 'tasks', task, 'skip'),
      { body: {} },
    );
    terminal.answer(skipped, () => `Task ${task} is being done for you (−${skipped.penalty} points).`);
  });
}
