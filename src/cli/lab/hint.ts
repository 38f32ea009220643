import type { Command } from 'commander';
import type { HintView } from '../../grading/visible-text.ts';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { labPath } from './wire.ts';

export function registerLabHint(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('hint')
    .description('Takes the next hint of a check; `labwright lab progress` says what it costs.')
    .argument('<lab>', 'its id')
    .argument('<check>', 'id of the check');
  withServerOptions(command).action(async (id: string, check: string, options: ServerOptions) => {
    const hint = await connect(options).call<HintView>('POST', labPath(id, 'checks', check, 'hints'), {
      body: {},
    });
    terminal.answer(hint, () => {
      const cost = hint.penalty > 0 ? terminal.colour.dim(` (−${hint.penalty} points)`) : '';
      return `${hint.text}${cost}`;
    });
  });
}
