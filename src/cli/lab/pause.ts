import type { Command } from 'commander';
import type { LabWire } from '../../http/lab-wire.ts';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { renderLab } from './render.ts';
import { labPath } from './wire.ts';

export function registerLabPause(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('pause')
    .description('Stops what a lab runs and keeps all that is in it; its lifetime goes on.')
    .argument('<lab>', 'its id');
  withServerOptions(command).action(async (id: string, options: ServerOptions) => {
    const lab = await connect(options).call<LabWire>('POST', labPath(id, 'pause'), { body: {} });
    terminal.answer(lab, () => renderLab(terminal, lab));
  });
}
