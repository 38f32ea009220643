import { type Command, InvalidArgumentError } from 'commander';
import type { LabWire } from '../../http/lab-wire.ts';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { duration } from './render.ts';
import { labPath } from './wire.ts';

export function registerLabExtend(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('extend')
    .description('Lets a lab live longer, up to what its template allows.')
    .argument('<lab>', 'its id')
    .argument('<minutes>', 'by how much', wholeMinutes);
  withServerOptions(command).action(async (id: string, minutes: number, options: ServerOptions) => {
    const lab = await connect(options).call<LabWire>('POST', labPath(id, 'extend'), { body: { minutes } });
    terminal.answer(lab, () => `Lab ${lab.id} expires in ${duration(lab.secondsLeft)}, at ${lab.expiresAt}.`);
  });
}

function wholeMinutes(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Allowed is a whole number of minutes, 1 or more.');
}
