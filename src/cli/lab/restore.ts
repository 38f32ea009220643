import type { Command } from 'commander';
import type { LabWire } from '../../http/lab-wire.ts';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { renderLab } from './render.ts';
import { showUntilReady } from './wait.ts';
import { labPath } from './wire.ts';

interface Options extends ServerOptions {
  readonly forgetScore?: true;
  readonly wait: boolean;
}

export function registerLabRestore(parent: Command, cli: Cli): void {
  const command = parent
    .command('restore')
    .description('Puts a lab back to a snapshot; what was done since is lost, score and answers stay.')
    .argument('<lab>', 'its id')
    .argument('<snapshot>', 'its name; `labwright lab snapshot list` tells them')
    .option('--forget-score', 'score and answers are forgotten too')
    .option('--no-wait', 'answer as soon as it is accepted');
  withServerOptions(command).action(async (id: string, snapshot: string, options: Options) => {
    const api = connect(options);
    const body = { snapshot, ...(options.forgetScore === true ? { keepScore: false } : {}) };
    const lab = await api.call<LabWire>('POST', labPath(id, 'restore'), { body });
    const there = options.wait
      ? await showUntilReady(cli, api, lab, `Lab ${id} is as it was in ${snapshot}`)
      : lab;
    cli.terminal.answer(there, () => renderLab(cli.terminal, there));
  });
}
