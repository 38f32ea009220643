import type { Command } from 'commander';
import type { LabWire } from '../../http/lab-wire.ts';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { renderLab } from './render.ts';
import { showUntilReady } from './wait.ts';
import { labPath } from './wire.ts';

interface Options extends ServerOptions {
  readonly keepScore?: true;
  readonly wait: boolean;
}

export function registerLabReset(parent: Command, cli: Cli): void {
  const command = parent
    .command('reset')
    .description('Puts a lab back to its start: whole, or the named components and what depends on them.')
    .argument('<lab>', 'its id')
    .argument('[components...]', 'default: all of them')
    .option('--keep-score', 'what was passed stays passed')
    .option('--no-wait', 'answer as soon as it is accepted');
  withServerOptions(command).action(async (id: string, components: string[], options: Options) => {
    const api = connect(options);
    const body = {
      ...(components.length === 0 ? {} : { components }),
      ...(options.keepScore === true ? { keepScore: true } : {}),
    };
    const lab = await api.call<LabWire>('POST', labPath(id, 'reset'), { body });
    const there = options.wait ? await showUntilReady(cli, api, lab, `Lab ${id} is at its start`) : lab;
    cli.terminal.answer(there, () => renderLab(cli.terminal, there));
  });
}
