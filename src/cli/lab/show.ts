import type { Command } from 'commander';
import type { LabWire } from '../../http/lab-wire.ts';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { renderLab } from './render.ts';
import { labPath } from './wire.ts';

export function registerLabShow(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('show')
    .description('Shows a lab and its components.')
    .argument('<lab>', 'its id');
  withServerOptions(command).action(async (id: string, options: ServerOptions) => {
    const lab = await connect(options).call<LabWire>('GET', labPath(id));
    terminal.answer(lab, () => renderLab(terminal, lab));
  });
}
