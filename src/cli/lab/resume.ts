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

export function registerLabResume(parent: Command, cli: Cli): void {
  const command = parent
    .command('resume')
    .description('Starts again what a pause has stopped.')
    .argument('<lab>', 'its id')
    .option('--no-wait', 'answer as soon as it is accepted');
  withServerOptions(command).action(async (id: string, options: Options) => {
    const api = connect(options);
    const lab = await api.call<LabWire>('POST', labPath(id, 'resume'), { body: {} });
    const there = options.wait ? await showUntilReady(cli, api, lab, `Lab ${id} is ready`) : lab;
    cli.terminal.answer(there, () => renderLab(cli.terminal, there));
  });
}
