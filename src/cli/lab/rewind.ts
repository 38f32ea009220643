import type { Command } from 'commander';
import type { LabWire } from '../../http/lab-wire.ts';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { renderLab } from './render.ts';
import { showUntilReady } from './wait.ts';
import { labPath } from './wire.ts';

interface Options extends ServerOptions {
  readonly wait: boolean;
}

export function registerLabRewind(parent: Command, cli: Cli): void {
  const command = parent
    .command('rewind')
    .description('Puts a lab back to what it was after a task; what was done since is lost, the score stays.')
    .argument('<lab>', 'its id')
    .argument('<task>', 'id of the task; `labwright lab progress` says which states are kept')
    .option('--no-wait', 'answer as soon as it is accepted');
  withServerOptions(command).action(async (id: string, task: string, options: Options) => {
    const api = connect(options);
    const lab = await api.call<LabWire>('POST', labPath(id, 'tasks', task, 'rewind'), { body: {} });
    const there = options.wait
      ? await showUntilReady(cli, api, lab, `Lab ${id} is where it was after ${task}`)
      : lab;
    cli.terminal.answer(there, () => renderLab(cli.terminal, there));
  });
}
